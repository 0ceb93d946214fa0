// Ways by which notices leave the system.
import { words } from '@wangge/shared/src/words'

const ways = words({ email: ['邮件', 'E-mail'], sms: ['短信', 'SMS'], webhook: ['系统推送', 'Webhook'] })
export const CHANNELS = ['email', 'sms', 'webhook'] as const
export const channelOf = (channel: string): string => ways[channel as keyof typeof ways] ?? channel
