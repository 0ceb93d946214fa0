def test_x(people, as_):
    assert as_("alice").roles == {"grid_worker"}
    print(as_("carl").grants, as_("dora").grants)
    from wangge.kernel.db import rows
    print(rows.all("select district,street,community, role from people_post"))
