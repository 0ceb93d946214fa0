// One door to the API: the answer, or a Failed that holds the problem as the server told it.
import { client } from '../api/client.gen'
import type { Problem } from '../api/types.gen'
import { language, words } from './words'

const w = words({
  away: ['无法连接服务器。请检查网络后重试，已填写的内容不会丢失。', 'The server cannot be reached. Check the network and try again; what you typed is kept.'],
  title: ['网络不通', 'No connection'],
  odd: ['服务器的回答无法识别（{status}）。请稍后重试。', 'The server answered something unexpected ({status}). Try again soon.'],
})

export class Failed extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
  get status(): number { return this.problem.status }
}

/** What is told of whatever went wrong. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Failed) return error.problem
  return { type: 'about:blank', title: w.title, status: 0, detail: w.away }
}

interface Answer<T> { data?: T; error?: unknown; response?: Response }

/** The data of an answer. Throws Failed. */
export async function got<T>(asked: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await asked.catch((): Answer<T> => ({}))
  if (response?.ok) return (data ?? {}) as NonNullable<T>
  if (!response) throw new Failed(problemOf(null))
  const told = error as Partial<Problem> | undefined
  throw new Failed(
    told?.detail
      ? (told as Problem)
      : { type: 'about:blank', title: '', status: response.status, detail: w.odd.replace('{status}', String(response.status)) },
  )
}

let loggedOut: () => void = () => undefined
/** What is done when the server says that nobody is logged in (any more). */
export function whenLoggedOut(act: () => void): void { loggedOut = act }

client.setConfig({ baseUrl: '', credentials: 'same-origin' })
client.interceptors.request.use((request) => {
  request.headers.set('Accept-Language', language.value === 'zh' ? 'zh-CN' : 'en')
  return request
})
client.interceptors.response.use((response, request) => {
  if (response.status === 401 && !(request.url.endsWith('/api/v1/session') && request.method === 'POST')) loggedOut()
  return response
})
