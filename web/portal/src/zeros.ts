/** With how many zero bits it begins. */
export function zeroBits(bytes: Uint8Array): number {
  const first = bytes.findIndex((b) => b !== 0)
  return first < 0 ? bytes.length * 8 : first * 8 + Math.clz32(bytes[first] ?? 0) - 24
}
