// The proof that an entry is in the ledger, computed here: content → leaf → root (RFC 9162 §2.1.3.2) → signature. The server is believed
// nothing but the key, whose name is shown to be compared. Where this browser cannot (SM3, a page without https), the server's own check is told as such.
import type { ProofOut } from '../api/types.gen'

/** ``by``: who computed it. ``leaf`` and ``root`` in hexadecimal. ``signed``: null when this browser knows no Ed25519 and the server was asked. */
export interface Checked {
  by: 'browser' | 'server'
  holds: boolean
  leaf: string | null
  root: string
  signed: boolean | null
}

export interface Statement { number: number; root: string; sealed_at: string; hash: string; key: string }
export const statementOf = (proof: ProofOut): Statement => proof.batch['statement'] as Statement

/** Canonical JSON (RFC 8785) of what the ledger holds: no fractions, so the numbers of JSON.stringify are canonical. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

type Bytes = Uint8Array<ArrayBuffer>
const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
const bytes = (hex: string): Bytes => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16))
const hex = (of: Bytes): string => Array.from(of, (b) => b.toString(16).padStart(2, '0')).join('')
const hashed = async (...parts: Bytes[]): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer()))
const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)]

/** The root that a leaf and its path give; null when the path does not fit a tree of this size. */
async function rootOf(leaf: Bytes, { index, size, path }: Pick<ProofOut, 'index' | 'size' | 'path'>): Promise<Bytes | null> {
  let [node, place, last] = [leaf, index, size - 1]
  for (const sibling of path.map(bytes)) {
    if (place % 2 === 1 || place === last) {
      node = await hashed(NODE, sibling, node)
      while (place % 2 === 0 && place > 0) [place, last] = [place >> 1, last >> 1]
    } else {
      node = await hashed(NODE, node, sibling)
    }
    ;[place, last] = [place >> 1, last >> 1]
  }
  return last === 0 ? node : null
}

/** Whether the batch's statement is signed by the key; null where this browser knows no Ed25519. */
async function signedBy(proof: ProofOut): Promise<boolean | null> {
  if (!proof.public) return false
  try {
    const key = await crypto.subtle.importKey('raw', bytes(proof.public), 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', key, bytes(String(proof.batch['signature'])), utf8(canonical(proof.batch['statement'])))
  } catch {
    return null
  }
}

export async function check(proof: ProofOut): Promise<Checked> {
  const { hash, root } = statementOf(proof)
  if (hash !== 'sha256' || !globalThis.crypto?.subtle) return { by: 'server', holds: proof.holds, leaf: null, root, signed: null }
  const leaf = await hashed(LEAF, utf8(canonical(proof.entry)))
  const [made, signed] = await Promise.all([rootOf(leaf, proof), signedBy(proof)])
  const fits = made !== null && hex(made) === root
  return { by: 'browser', holds: fits && (signed ?? proof.holds), leaf: hex(leaf), root, signed }
}
