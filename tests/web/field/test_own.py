"""Whose phone it is: the device's own unlock, a phone that was long away, and a session that somebody else ends."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.web.field.conftest import Phone

Take = Callable[..., Phone]
LONG_AGO = """() => new Promise((done) => {
  const asked = indexedDB.open('wangge-field')
  asked.onsuccess = () => {
    const store = asked.result.transaction('vaults', 'readwrite').objectStore('vaults')
    store.getAll().onsuccess = ({ target }) => {
      for (const vault of target.result) store.put({ ...vault, contact: Date.now() - 8 * 86400e3 })
      store.transaction.oncomplete = () => { asked.result.close(); done() }
    }
  }
})"""
HELD = """async () => {
  const { name } = (await indexedDB.databases()).find((d) => d.name.startsWith('wangge-field-'))
  const db = await new Promise((done) => { const asked = indexedDB.open(name); asked.onsuccess = () => done(asked.result) })
  const all = (store) => new Promise((done) => { const asked = db.transaction(store).objectStore(store).getAllKeys(); asked.onsuccess = () => done(asked.result) })
  const found = { kept: await all('kept'), operations: (await all('operations')).length }
  db.close()
  return found
}"""


def test_the_devices_own_unlock_opens_it_until_it_was_long_away_or_its_session_was_ended(phone: Take) -> None:
    at = phone(host="localhost")  # an unlock belongs to a name, not to an address
    device = at.context.new_cdp_session(at.page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "hasPrf": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    at.go("/settings")
    at.page.get_by_label("先输入 PIN").fill("270418")
    at.page.get_by_role("button", name="启用").click()
    expect(at.page.get_by_role("button", name="停用，只用 PIN")).to_be_visible()
    at.page.get_by_role("button", name="锁定").click()
    at.page.get_by_role("button", name="用手机解锁").click()
    expect(at.page.get_by_role("button", name="停用，只用 PIN")).to_be_visible()

    at.go("/")
    expect(at.page.locator(".cards a").first).to_be_visible()
    at.context.set_offline(True)
    at.fill_report("很久没有网络，也没有丢")
    at.send()
    expect(at.page.locator(".net")).to_contain_text("待发 1 条")
    at.page.evaluate(LONG_AGO)
    at.page.get_by_role("link", name="设置").click()
    at.page.get_by_role("button", name="锁定").click()
    at.page.get_by_role("button", name="用手机解锁").click()
    expect(at.page.get_by_text("太久没有连上服务器")).to_be_visible()
    expect(at.page.get_by_text("手机里有 1 条未发送的记录")).to_be_visible()
    held = at.page.evaluate(HELD)
    assert [key for key in held["kept"] if not key.startswith("draft:")] == []
    assert held["operations"] == 1

    at.context.set_offline(False)
    at.page.get_by_label("口令").fill("wangge-demo")
    at.page.keyboard.press("Enter")
    expect(at.page.get_by_role("button", name="停用，只用 PIN")).to_be_visible()  # brought back by the log-in
    at.go("/")
    at.all_sent()
    assert len(at.reported("很久没有网络，也没有丢")) == 1
    expect(at.page.locator(".cards a").first).to_be_visible()
    (here,) = [s["id"] for s in at.get("/sessions") if s["current"]]
    at.context.request.delete(f"{at.address}/api/v1/sessions/{here}")  # as an administrator does: the remote order
    at.go("/todo")
    expect(at.page.get_by_text("登录已到期或被结束")).to_be_visible()
    assert [key for key in at.page.evaluate(HELD)["kept"] if not key.startswith("draft:")] == []
