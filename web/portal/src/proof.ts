// A call that the server may want a proof of work for, while it is flooded: the answer 428 names the task, a worker solves it, and the call is made again.
import { ref } from 'vue'
import { Failed, got } from '@wangge/shared/src/call'

/** The task is being solved. */
export const solving = ref(false)

export type Headers = { Proof?: string }

export async function proven<T>(ask: (headers: Headers) => Parameters<typeof got<T>>[0]): Promise<NonNullable<T>> {
  try {
    return await got(ask({}))
  } catch (e) {
    const { challenge, bits } = (e instanceof Failed && e.status === 428 ? e.problem : {}) as { challenge?: string; bits?: number }
    if (!challenge || bits === undefined || !crypto.subtle) throw e // without https a browser gives no digest: what the server said is told
    return await got(ask({ Proof: await solve(challenge, bits) }))
  }
}

function solve(challenge: string, bits: number): Promise<string> {
  solving.value = true
  const worker = new Worker(new URL('./prove.worker.ts', import.meta.url), { type: 'module' })
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data)
    worker.onerror = reject
    worker.postMessage({ challenge, bits })
  }).finally(() => { worker.terminate(); solving.value = false })
}
