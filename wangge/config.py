"""The configuration of an installation: one list of settings, each from the environment, else from ``wangge.toml``, else its default.

``docs/configuration.md`` is the page for people; ``examples/wangge.toml`` the file to start from.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wangge.kernel.geo.basemap import Basemap, basemap_of
from wangge.kernel.problems import Invalid
from wangge.kernel.words import Words


def _setting(default: Any, zh: str, en: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"words": Words(zh, en), "secret": secret})


@dataclass(frozen=True)
class Config:
    """Every field ``name`` is read from ``WANGGE_NAME`` or the key ``name`` of the TOML file."""

    home: Path = _setting(Path("var"), "数据目录：数据库、密钥、附件", "Folder of the data: database, keys, files")
    database_url: str = _setting(
        "",
        "PostgreSQL 地址（属主账号）；空则使用内置数据库",
        "PostgreSQL URL (owner's log-in); empty: the embedded server",
        secret=True,
    )
    database_app_url: str = _setting(
        "",
        "应用账号的地址；空则由属主账号建立",
        "URL of the application's log-in; empty: made by the owner's",
        secret=True,
    )
    database_app_role: str = _setting("wangge_app", "应用账号名", "Name of the application's database role")
    database_replica_url: str = _setting(
        "",
        "只读副本地址；账号与库名默认同应用账号；空为不用",
        "URL of a streaming replica for reads; log-in and database as the application's unless given; empty: none",
        secret=True,
    )
    host: str = _setting("127.0.0.1", "监听地址", "Address to listen on")
    port: int = _setting(8000, "监听端口", "Port to listen on")
    live_port: int = _setting(0, "实时推送端口；0 为网页端口加一", "Port of live events; 0: the one after the web port")
    live_url: str = _setting(
        "",
        "实时推送的公开地址；空则为同一主机的该端口",
        "Public URL of live events; empty: that port of the same host",
    )
    workers: int = _setting(0, "网页进程数；0 为按处理器数", "Web processes; 0: by the number of cores")
    hosts: tuple[str, ...] = _setting(("*",), "允许的主机名", "Host names that are served")
    https: bool = _setting(False, "由前端代理提供 HTTPS", "Served by HTTPS (through a proxy in front)")
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1",), "可信代理地址（读取 X-Forwarded-For）", "Proxies whose X-Forwarded-For is believed"
    )
    metrics_from: tuple[str, ...] = _setting(
        ("127.0.0.0/8", "::1"), "可读取 /metrics 的地址或网段", "Addresses or networks that may read /metrics"
    )
    files_url: str = _setting(
        "",
        "附件存储：空为数据目录 files，或 s3://桶/前缀?endpoint=…&region=…",
        "Store of uploaded files; empty: the folder files of home, or s3://bucket/prefix?endpoint=…&region=…",
    )
    antivirus: str = _setting(
        "",
        "附件查毒：空为不查，clamd://主机:端口，或命令（文件名作为最后参数，退出码 1 为有毒）",
        "Virus scan of uploads; empty: none, clamd://host:port, or a command (file name as last argument, exit code 1: infected)",
    )
    zone: str = _setting("Asia/Shanghai", "显示与工作日历所用时区", "Time zone of display and work calendar")
    demo: bool = _setting(False, "演示安装：不强制第二因素", "Demo installation: second factor not required")
    public_layers: bool = _setting(
        False, "网格图层是否无需登录即可读取（OGC）", "Grid layers readable without log-in (OGC)"
    )
    basemap: tuple[str, ...] = _setting(
        (),
        "底图：瓦片地址（XYZ 或 WMTS，可多层，由下到上）或一个 .pmtiles；空为不用底图",
        "Base map: addresses of tiles (XYZ or WMTS, lowest first) or one .pmtiles archive; empty: none",
        secret=True,
    )
    basemap_system: str = _setting(
        "wgs84", "底图坐标系：wgs84、cgcs2000 或 gcj02", "Coordinates of the base map: wgs84, cgcs2000 or gcj02"
    )
    basemap_zooms: str = _setting("0-18", "底图有瓦片的级别", "Zooms at which the base map has tiles")
    basemap_attribution: str = _setting("", "底图来源说明，显示在地图上", "Whose base map it is, written on the map")
    ledger_hash: str = _setting("sha256", "留痕摘要算法：sha256 或 sm3", "Hash of the ledger: sha256 or sm3")
    field_cipher: str = _setting(
        "aes-256-gcm", "字段加密：aes-256-gcm 或 sm4-gcm", "Field encryption: aes-256-gcm or sm4-gcm"
    )
    self_resolve_sample: int = _setting(
        20, "现场自处置抽查比例（百分数）", "Per cent of cases resolved on the spot that are verified"
    )
    archive_after_days: int = _setting(
        30, "结案多少天后自动归档", "Days after which a closed case is archived by itself"
    )
    reporter_keep_days: int = _setting(
        730,
        "结案多少天后删除反映人姓名电话；0 为不自动删除",
        "Days after the end of a case when its reporter is erased; 0: never by itself",
    )
    smtp_url: str = _setting(
        "",
        "邮件服务器：smtp://、smtp+starttls:// 或 smtps://用户:口令@主机:端口；空为不发邮件",
        "Mail server: smtp://, smtp+starttls:// or smtps://user:password@host:port; empty: no e-mail",
        secret=True,
    )
    mail_from: str = _setting(
        "",
        "邮件发件人地址",
        "Sender of e-mail",
    )
    mail_domains: tuple[str, ...] = _setting(
        (),
        "工作人员可填写的邮箱域名；空为不限",
        "Domains of the e-mail addresses that staff may give; empty: any",
    )
    sms: str = _setting(
        "",
        "短信适配器：log，或 模块:类名；空为不发短信",
        "SMS adapter: log, or module:Class; empty: no SMS",
    )
    webhook_hosts: tuple[str, ...] = _setting(
        (),
        "推送可到达的内部主机、地址或网段；公网主机无需列出",
        "Internal hosts, addresses or networks that webhooks may reach; public hosts need not be listed",
    )
    notice_keep_days: int = _setting(
        90,
        "通知与发送记录保存天数；0 为不自动删除",
        "Days that notices and deliveries are kept; 0: never deleted by themselves",
    )
    sso_issuer: str = _setting(
        "",
        "统一身份认证（OIDC）的签发者地址；空为不用",
        "Issuer of the OpenID Connect provider for single sign-on; empty: none",
    )
    sso_client_id: str = _setting("", "在身份提供方登记的客户端编号", "Client id, as registered at the provider")
    sso_client_secret: str = _setting(
        "", "客户端密钥；公开客户端为空", "Client secret; empty for a public client", secret=True
    )
    sso_name: str = _setting(
        "", "登录页按钮上的名称；空为“统一身份认证”", "Name on the log-in page's button; empty: Single sign-on"
    )
    sso_scopes: tuple[str, ...] = _setting(
        ("openid", "profile"), "向身份提供方请求的范围", "Scopes asked for at the provider"
    )
    sso_factor: tuple[str, ...] = _setting(
        ("mfa",),
        "身份提供方以这些 amr 或 acr 值证明已用第二因素",
        "Values of amr or acr by which the provider says that a second factor was shown",
    )
    local_login: bool = _setting(True, "是否允许用本系统口令登录", "Log-in by password of this system")
    portal_network_limit: int = _setting(
        60,
        "居民端同一网络每小时最多可提交的反映数",
        "Reports an hour that the portal takes from one network",
    )
    portal_proof_from: int = _setting(
        300,
        "居民端十分钟内全部提交达到多少次起，要求浏览器完成工作量证明；0 为从不要求",
        "Calls in ten minutes, of all together, from which on the portal asks browsers for a proof of work; 0: never",
    )
    idle_minutes: int = _setting(30, "无操作多少分钟后退出登录", "Minutes without a request until a session ends")
    session_hours: int = _setting(12, "一次登录最长小时数", "Hours a log-in lasts at most")
    log_level: str = _setting("INFO", "日志级别", "Log level")

    @property
    def under(self) -> Basemap | None:
        """The base map. Raises Invalid."""
        return basemap_of(
            addresses=self.basemap,
            system=self.basemap_system,
            attribution=self.basemap_attribution,
            zooms=self.basemap_zooms,
            https=self.https,
        )


def load(environ: dict[str, str] | None = None, file: Path | None = None) -> Config:
    """Read the configuration. Raises Invalid naming the setting that cannot be read and what it should be."""
    return resolve(environ, file)[0]


def resolve(environ: dict[str, str] | None = None, file: Path | None = None) -> tuple[Config, dict[str, str]]:
    """The configuration, and for each setting where its value came from (``environment``, the file's name, ``default``)."""
    env = os.environ if environ is None else environ
    path = file or Path(env.get("WANGGE_CONFIG", "wangge.toml"))
    table: dict[str, Any] = {}
    if "WANGGE_CONFIG" in env and not path.exists():
        raise Invalid.field(
            "WANGGE_CONFIG", "missing", f"没有配置文件 {path}。", f"There is no configuration file {path}."
        )
    if path.exists():
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid.field(
                str(path), "toml", f"配置文件无法解析：{error}", f"The configuration file cannot be read: {error}."
            ) from error
    known = {f.name: f for f in fields(Config)}
    for key in table:
        if key not in known:
            raise Invalid.field(
                f"{path}: {key}", "unknown", f"没有名为 {key} 的设置。", f"There is no setting named {key}."
            )
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, spec in known.items():
        variable = f"WANGGE_{name.upper()}"
        if variable in env:
            values[name], origins[name] = _read(variable, env[variable], spec.default), "environment"
        elif name in table:
            values[name], origins[name] = _read(f"{path}: {name}", table[name], spec.default), str(path)
        else:
            origins[name] = "default"
    found = Config(**values)
    _ = found.under  # refused now, not when the first map is opened
    _check_sso(found)
    return found, origins


def _check_sso(found: Config) -> None:
    """Refuse settings by which nobody could log in, or by which secrets would travel in clear."""
    parts = urlsplit(found.sso_issuer)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if found.sso_issuer and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and here))):
        raise Invalid.field(
            "sso_issuer",
            "url",
            "WANGGE_SSO_ISSUER 应为 https:// 地址（本机可用 http）。",
            "WANGGE_SSO_ISSUER must be an https:// URL (http only on this very machine).",
        )
    if found.sso_issuer and not found.sso_client_id:
        raise Invalid.field(
            "sso_client_id",
            "missing",
            "设置了 WANGGE_SSO_ISSUER，还须设置 WANGGE_SSO_CLIENT_ID。",
            "WANGGE_SSO_ISSUER is set: WANGGE_SSO_CLIENT_ID is needed too.",
        )
    if not found.local_login and not found.sso_issuer:
        raise Invalid.field(
            "local_login",
            "nobody",
            "未设置 WANGGE_SSO_ISSUER 时不能关闭口令登录，否则无人能登录。",
            "Without WANGGE_SSO_ISSUER the log-in by password cannot be switched off: nobody could log in.",
        )


def _read(where: str, raw: Any, default: Any) -> Any:
    text = str(raw).strip()
    if isinstance(default, bool):
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off", ""):
            return False
        raise Invalid.field(where, "boolean", f"{where} 应为 true 或 false。", f"{where} must be true or false.")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            raise Invalid.field(where, "integer", f"{where} 应为整数。", f"{where} must be a whole number.") from error
    if isinstance(default, tuple):
        items = raw if isinstance(raw, list) else text.split(",")
        return tuple(str(i).strip() for i in items if str(i).strip())
    if isinstance(default, Path):
        return Path(text).expanduser()
    return text
