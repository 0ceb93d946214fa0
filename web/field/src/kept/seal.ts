// What lies on the phone is sealed: AES-256-GCM with a key that cannot be exported, each value bound to its place, so that nothing that was
// moved to another row opens. docs/decisions/0015 says against whom.
export interface Sealed { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }
type Bytes = Uint8Array<ArrayBuffer>

export const KEY_BYTES = 32
export const randomBytes = (count: number): Bytes => crypto.getRandomValues(new Uint8Array(count))
const utf8 = (text: string): Bytes => new TextEncoder().encode(text)

/** A key for sealing, from its 32 bytes; the caller wipes these. */
export const sealingKey = (raw: BufferSource): Promise<CryptoKey> => crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt'])

export async function sealBytes(key: CryptoKey, bytes: BufferSource, place: string): Promise<Sealed> {
  const iv = randomBytes(12)
  return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(place) }, key, bytes) }
}
/** Throws OperationError for another key, another place, or altered bytes. */
export const openBytes = (key: CryptoKey, { iv, data }: Sealed, place: string): Promise<ArrayBuffer> =>
  crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: utf8(place) }, key, data)

export const seal = (key: CryptoKey, value: unknown, place: string): Promise<Sealed> => sealBytes(key, utf8(JSON.stringify(value)), place)
export async function open<T>(key: CryptoKey, sealed: Sealed, place: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(key, sealed, place))) as T
}

/** SHA-256 in hexadecimal, as evidence is promised. */
export async function sha256(bytes: BufferSource): Promise<string> {
  return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join('')
}
