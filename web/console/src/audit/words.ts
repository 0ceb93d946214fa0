// Words that several parts of the audit say.
import { words } from '@wangge/shared/src/words'

const groups = words({
  reporter: ['反映人信息', 'Reporters'],
  original: ['附件原件', 'Original files'],
  phone: ['按电话查找', 'Phone look-ups'],
  in: ['成功', 'Logged in'],
  failed: ['失败', 'Failed'],
  locked: ['锁定', 'Locked out'],
  out: ['退出', 'Ended'],
  secrets: ['口令与令牌', 'Passwords and tokens'],
  cases: ['案件', 'Cases'],
  figures: ['统计', 'Figures'],
})
export const groupWords = (name: string): string => (name in groups ? groups[name as keyof typeof groups] : name)

const kinds = words({
  case: ['案件', 'Case'],
  user: ['账号', 'Account'],
  login: ['未知登录名', 'Unknown log-in'],
  token: ['访问令牌', 'Token'],
  system: ['系统', 'System'],
  public: ['未登录', 'Not logged in'],
  export: ['导出', 'Export'],
  evidence: ['附件', 'File'],
  phone: ['电话查找', 'Phone look-up'],
  ledger: ['留痕', 'Ledger'],
  grid_change: ['网格调整', 'Change of grids'],
})
export const kindWord = (kind: string): string => (kind in kinds ? kinds[kind as keyof typeof kinds] : kind)
