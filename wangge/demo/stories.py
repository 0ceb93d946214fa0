"""What happened lately in the demo: some forty matters, written for it. No place, person or text is taken from a real case.

Some lie in the first working grid of Fubao, which is the log-in `worker`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from wangge.domain.cases.rules import Call, Channel, FollowUp, Level

N, L, H, M, Y, S, P, X, D = (
    "440304001", "440304008", "440304011", "440304007", "440308002", "440308003", "440304010", "440304006", "440308001",
)  # fmt: skip
"""Nanyuan, Lianhua, Huaqiangbei, Meilin, Yantian, Shatoujiao, Fubao, Xiangmihu, Meisha."""

WORKER, HOTLINE, RESIDENT, WINDOW, PATROL = (
    Channel.WORKER,
    Channel.HOTLINE,
    Channel.RESIDENT,
    Channel.WINDOW,
    Channel.PATROL,
)


class Press(NamedTuple):
    """What somebody outside the line wanted after that: an urge of the centre, a supervision, an instruction, and what was answered."""

    kind: Call
    text: str
    level: Level | None = None
    answer: str = ""


class Story(NamedTuple):
    """`street` and `grid`: the n-th base grid of the street (None: not located yet). `ago`: working hours before the loading.

    `reach`: the last act wanted (report, accept, dispatch, take, resolve, rework, verify, close, returned: returned twice).
    """

    street: str
    grid: int | None
    ago: float
    category: str
    channel: Channel
    title: str
    text: str
    address: str
    reach: str
    result: str = ""
    follow_up: FollowUp = FollowUp.SATISFIED
    confidential: bool = False
    pressed: tuple[Press, ...] = ()


STORIES = (
    # Fubao: the desk of most log-ins, so every state is here
    Story(P, 2, 0.2, "0101", WORKER, "垃圾投放点爆满外溢", "三号楼北侧投放点两个桶都满了，旁边堆了七八袋，有汤水流到人行道上。", "示例路 3 号楼北侧", "report"),
    Story(P, 22, 0.5, "0701", HOTLINE, "楼下健身房早晨放音乐", "来电人反映楼下健身房每天六点半开始放音乐带操，低音穿墙，已与店家沟通两次没有改善。", "示例花园 2 栋", "report", confidential=True),
    Story(P, None, 0.9, "0303", HOTLINE, "路口单车挡住盲道", "来电人说上班路上路口的共享单车把盲道占满了，说不清是哪个路口，只记得靠近地铁口。", "", "report"),
    Story(P, 41, 1.1, "0402", WORKER, "电动车推进楼道充电", "巡查时发现六栋一楼楼道内有三辆电动车，其中一辆正从楼上拉线充电。", "示例苑 6 栋一楼", "report"),
    Story(P, 3, 1.6, "0202", WORKER, "步道路灯连续三盏不亮", "河边步道靠近小桥一段三盏路灯不亮，晚上散步的老人多，看不清台阶。", "河边步道", "accept"),
    Story(P, 55, 2.2, "0904", WINDOW, "顶楼渗水要求查维修资金", "居民到窗口反映顶楼雨后渗水，想了解维修资金申请流程，并希望有人上门看一下。", "示例新村 9 栋 702", "accept"),
    Story(P, 12, 3, "0105", PATROL, "学校门口流动早餐车聚集", "早上七点二十分，校门两侧有五辆早餐车，占了非机动车道，接送车辆绕行。", "示例小学东门", "dispatch"),
    Story(P, 30, 4.5, "0107", WORKER, "装修材料堆在消防登高面", "物料堆了约十平方米，业主说下午搬走，目前仍在。", "示例大厦西侧", "take", pressed=(Press(Call.SUPERVISE, "登高面被占超过半天，请说明何时清完。", Level.KEY),)),
    Story(P, 17, 7, "0106", RESIDENT, "餐馆把桌椅摆到人行道", "晚饭时间门口摆出八张桌子，推婴儿车只能走机动车道。", "示例街 18 号", "take", pressed=(Press(Call.URGE, "反映人今天又来电，说晚高峰照旧占道，请尽快到场。"),)),
    Story(P, 63, 12, "0201", WORKER, "雨水井盖松动有响声", "车一过就响，井盖边缘翘起约两厘米，已放警示锥。", "示例二路与示例五街路口", "resolve", "已更换防响胶垫并调平井盖，现场碾压无响声。"),
    Story(P, 1, 16, "0108", WORKER, "电线杆上贴满办证小广告", "整条街十几根杆子上都有，新旧叠在一起。", "示例三街", "resolve", "清除小广告四十余张，杆体已刷防粘涂料。"),
    Story(P, 48, 22, "0107", PATROL, "废旧家具堆在楼侧", "两张沙发一个衣柜，已放一周。", "示例园 4 栋东侧", "rework", "已联系业主，部分清走。"),
    Story(P, 26, 20, "0109", WORKER, "门头灯箱松脱", "灯箱一角脱落，风大时摇晃，下面是人行道。", "示例街 66 号", "verify", "已拆除松脱灯箱，店家书面承诺重新安装前申报。"),
    Story(P, 70, 30, "0604", HOTLINE, "地下车库长期积水物业不理", "来电人反映负二层车库积水一个月，物业说等排期，车位周围已发霉。", "示例名苑", "verify", "住建部门约谈物业，集水井水泵已更换，积水排清，附整改单。"),
    Story(P, 33, 46, "0113", RESIDENT, "绿化带里老鼠多", "傍晚能看到老鼠在绿化带和垃圾桶之间跑，有小孩在旁边玩。", "示例花园南门", "close", "完成两轮投放毒饵站并封堵鼠洞六处，设置警示牌。"),
    Story(P, 3, 60, "0209", WORKER, "大风后树枝压在人行道", "断枝约三米，行人绕行。", "示例路 40 号对面", "close", "断枝已锯除清运，对相邻三棵树做了修剪。", FollowUp.NOT_WANTED),
    Story(P, 77, 75, "1201", WORKER, "独居老人两天没出门", "邻居说两天没见李奶奶下楼，敲门有回应但行动不便，家里食物不多。", "示例村 11 栋", "close", "社区送餐并安排医生上门，已列入每周探访名单，家属已联系上。"),
    Story(P, 60, 90, "0601", WINDOW, "楼上楼下因漏水争吵", "双方在大厅争执，要求调解赔偿。", "示例公馆 5 栋", "close", "调解员两次上门，双方签订协议，楼上负责重做防水。"),
    Story(P, 19, 120, "0101", HOTLINE, "装修垃圾混入生活垃圾点", "来电人反映投放点混入水泥块，清洁工无法清运。", "示例苑东门", "close", "已清运，投放点加装监督牌，装修户缴清清运费。", FollowUp.UNREACHABLE),
    # the neighbours of Fubao
    Story(N, 4, 0.4, "0304", HOTLINE, "路口信号灯绿灯太短", "来电人反映过街绿灯只有十二秒，老人走不到对面。", "示例南路路口", "report"),
    Story(N, 21, 5, "0403", WORKER, "消火栓箱内没有水带", "四楼消火栓箱打开是空的，五楼水枪头缺失。", "示例楼 C 座", "dispatch"),
    Story(N, 40, 40, "0105", PATROL, "天桥上有人摆摊", "天桥两侧六个摊位，行人只能走中间。", "示例天桥", "close", "劝离并登记，安排晚高峰固定值守。"),
    Story(L, 10, 1.3, "0208", RESIDENT, "公园单杠螺丝松动", "单杠底座晃动，锻炼的人不少，担心出事。", "示例公园健身角", "accept"),
    Story(L, 35, 18, "0901", HOTLINE, "楼顶加建铁皮房", "来电人反映对面楼顶近一周在搭铁皮房，材料半夜吊运。", "示例阁楼顶", "take", confidential=True, pressed=(Press(Call.INSTRUCT, "请城管牵头，住建配合，先停工取证，再依法处置。"),)),
    Story(L, 60, 66, "0802", HOTLINE, "汽修店喷漆味道大", "下午常有刺鼻味道，窗户不敢开。", "示例西街", "close", "店家停用露天喷漆，喷漆房活性炭已更换，复测达标。"),
    Story(H, 6, 0.7, "1003", RESIDENT, "停车场没有公示价格", "出口收费比入口牌子高，入口牌子又看不清。", "示例电子城停车场", "report"),
    Story(H, 28, 9, "0506", PATROL, "商铺仓库堆到灯下", "纸箱堆高挨着灯管，应急灯不亮。", "示例广场三楼", "take", pressed=(Press(Call.SUPERVISE, "同一商场本季第三次，请一并排查其他楼层。", Level.ORDINARY, "已约谈商场管理方，明日起逐层排查。"),)),
    Story(H, 44, 55, "0607", WINDOW, "手机维修后拒绝退款", "维修三天后同样故障，店家拒绝再修也不退款。", "示例数码城", "close", "经调解店家退还维修费，并登记一次消费提示。"),
    Story(M, 15, 2.6, "0508", WORKER, "边坡有碎石滚落", "雨后步道上有拳头大碎石，坡面有新裂缝，已拉警戒带。", "示例山步道", "dispatch", pressed=(Press(Call.URGE, "预报夜间有雨，请先派人到场值守。"),)),
    Story(M, 50, 28, "0803", HOTLINE, "工地没有喷淋扬尘大", "渣土车进出不冲洗，路面一层灰。", "示例地块工地", "resolve", "责令补装喷淋与洗车槽，今日起视频巡检。"),
    Story(X, 9, 1.0, "0401", WORKER, "消防通道停了三辆车", "小区北门消防通道被私家车占用，联系不上车主。", "示例雅居北门", "report"),
    Story(X, 70, 35, "0112", RESIDENT, "有人遛大型犬不牵绳", "晚上八点左右，孩子被吓哭两次。", "示例公园草坪", "verify", "联合社区民警上门劝导并登记，现场发放牵绳告知书。"),
    # Yantian district
    Story(Y, 5, 0.3, "0203", WORKER, "路边污水冒溢", "污水从井盖冒出流到公交站，有异味。", "示例港路公交站", "report"),
    Story(Y, 18, 1.4, "0302", HOTLINE, "货车占用应急车道过夜", "每晚有五六辆集装箱车停在辅道，行人要走到路中间。", "示例港二路", "accept"),
    Story(Y, 60, 6, "0509", PATROL, "低洼路段排水口被落叶堵住", "预报有雨，排水口两处被堵，去年这里积过水。", "示例北路涵洞", "take"),
    Story(Y, 90, 33, "0310", WORKER, "人行天桥栏杆焊点开裂", "第二跨栏杆三处焊点开裂，用手可晃动。", "示例天桥第二跨", "resolve", "已补焊并做除锈防腐，晃动消除。"),
    Story(Y, 33, 80, "0605", WINDOW, "装卸工被欠两个月工资", "八名工人到窗口反映，带了考勤照片。", "示例物流园", "close", "劳动监察约谈企业，工资当场结清，签收单已存档。"),
    Story(S, 7, 0.8, "0309", HOTLINE, "建议口岸路口加过街天桥", "来电人建议在路口加建过街设施，早晚高峰过街人多。", "示例口岸路", "report"),
    Story(S, 42, 14, "0102", WORKER, "空地倒了一车装修渣土", "夜里倒的，约四立方，已拍车辙。", "示例山脚空地", "take"),
    Story(S, 66, 50, "0505", HOTLINE, "电梯一周困人两次", "来电人反映 2 号梯一周内困人两次，物业只重启不检修。", "示例轩 2 号梯", "close", "更换门机变频器并完成检验，维保单位被记录一次。"),
    Story(D, 12, 1.8, "0211", RESIDENT, "沙滩冲洗处地面打滑", "冲洗处青苔多，一下午看到两人滑倒。", "示例海滨冲洗处", "accept"),
    Story(D, 48, 10, "0408", PATROL, "露营区残留炭火冒烟", "草地边炭堆未灭，有烟，已用水浇灭并守候。", "示例海滨露营区", "take"),
    Story(D, 80, 45, "0809", WORKER, "海边漂浮泡沫箱", "潮水推上来三十多米长一片泡沫。", "示例海岸步道", "close", "环卫与水务联合打捞，清运一车，加设拦漂网。", FollowUp.NOT_WANTED),
    # nobody's: returned twice. A story's case is known by its place in this list, so that new ones stand at the end
    Story(P, 35, 26, "0108", HOTLINE, "地铁口立柱贴满招租纸", "来电人反映地铁口立柱每天都有新贴的招租纸，撕了又贴，不知道归谁管。", "示例地铁口", "returned"),
    Story(N, 12, 31, "0209", WINDOW, "人行道旁大树枯死倾斜", "居民到窗口反映一棵大树枯死，向人行道倾斜，担心倒下。", "示例中路 7 号", "returned"),
)  # fmt: skip
