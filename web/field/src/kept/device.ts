// The device's own unlock (finger, face or code of the phone, which never leave it) as a key: WebAuthn's PRF extension of the platform's
// authenticator. Nothing of it is registered at the server: it wraps the key of this phone, as the PIN does (docs/decisions/0015).
import { randomBytes } from './seal'

type Bytes = Uint8Array<ArrayBuffer>
export interface Passkey { id: Bytes; salt: Bytes }
export class NoPrf extends Error {}

/** Whether there is such an unlock here, as far as can be told without asking for it. */
export async function hasDevice(): Promise<boolean> {
  return (await globalThis.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false)) ?? false
}

const prfOf = (made: Credential | null): ArrayBuffer | null => {
  const first = (made as PublicKeyCredential | null)?.getClientExtensionResults().prf?.results?.first
  return first instanceof ArrayBuffer ? first : (first?.buffer.slice(first.byteOffset, first.byteOffset + first.byteLength) as ArrayBuffer | undefined) ?? null
}

/** Makes a key of this device for a person and asks for its secret. Throws NoPrf when the device has none to give, NotAllowedError when the person declines. */
export async function newPasskey(login: string, name: string): Promise<{ passkey: Passkey; secret: ArrayBuffer }> {
  const salt = randomBytes(32)
  const made = (await navigator.credentials.create({
    publicKey: {
      rp: { name: 'Wangge' },
      user: { id: randomBytes(16), name: login, displayName: name },
      challenge: randomBytes(32),
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
      authenticatorSelection: { authenticatorAttachment: 'platform', userVerification: 'required', residentKey: 'discouraged' },
      extensions: { prf: { eval: { first: salt } } },
    },
  })) as PublicKeyCredential | null
  if (!made?.getClientExtensionResults().prf?.enabled) throw new NoPrf()
  const passkey = { id: new Uint8Array(made.rawId.slice(0)), salt }
  return { passkey, secret: prfOf(made) ?? (await askDevice(passkey)) }
}

/** Asks the device to unlock; its secret for this passkey (32 bytes). Throws NotAllowedError when it was declined. */
export async function askDevice({ id, salt }: Passkey): Promise<ArrayBuffer> {
  const shown = await navigator.credentials.get({
    publicKey: { challenge: randomBytes(32), allowCredentials: [{ type: 'public-key', id, transports: ['internal'] }], userVerification: 'required', extensions: { prf: { eval: { first: salt } } } },
  })
  const secret = prfOf(shown)
  if (!secret) throw new NoPrf()
  return secret
}
