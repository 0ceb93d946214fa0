export const PIN_DIGITS = 6

/** Whether it is among the first that anybody would try: not six digits, one digit repeated, a run, two or three digits over and over. */
export function isWeak(pin: string): boolean {
  if (!/^\d{6}$/.test(pin)) return true
  const steps = [...pin].slice(1).map((c, i) => Number(c) - Number(pin[i]))
  const same = steps.every((s) => s === steps[0])
  return (same && Math.abs(steps[0] ?? 0) <= 1) || /^(\d{1,3})\1+$/.test(pin)
}
