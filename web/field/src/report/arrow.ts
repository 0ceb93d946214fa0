// Arrows over a photo, in shares of its width and height, so that they lie where they were drawn whatever the size.
export interface Spot { x: number; y: number }
export interface Arrow { from: Spot; to: Spot }

/** The corners of an arrow's head and the end of its shaft, in pixels. */
export function headOf({ from, to }: Arrow, width: number, height: number, size: number): { left: Spot; right: Spot; neck: Spot; tip: Spot } {
  const tip = { x: to.x * width, y: to.y * height }
  const angle = Math.atan2(tip.y - from.y * height, tip.x - from.x * width)
  const at = (turn: number, far: number): Spot => ({ x: tip.x - far * Math.cos(angle + turn), y: tip.y - far * Math.sin(angle + turn) })
  return { tip, left: at(0.45, size), right: at(-0.45, size), neck: at(0, size * 0.8) }
}

const RED = '#e02020'
/** Draws the picture and its arrows: red with a white edge, which shows on any ground. */
export function paint(canvas: HTMLCanvasElement, picture: CanvasImageSource, arrows: readonly Arrow[]): void {
  const pen = canvas.getContext('2d')
  if (!pen) return
  const { width, height } = canvas
  pen.drawImage(picture, 0, 0, width, height)
  const thick = Math.max(width, height) / 110
  pen.lineCap = pen.lineJoin = 'round'
  for (const arrow of arrows) {
    const { tip, left, right, neck } = headOf(arrow, width, height, thick * 6)
    const trace = (): void => {
      pen.beginPath()
      pen.moveTo(arrow.from.x * width, arrow.from.y * height)
      pen.lineTo(neck.x, neck.y)
      pen.stroke()
      pen.beginPath()
      pen.moveTo(tip.x, tip.y)
      pen.lineTo(left.x, left.y)
      pen.lineTo(right.x, right.y)
      pen.closePath()
      pen.stroke()
      pen.fill()
    }
    pen.strokeStyle = pen.fillStyle = '#fff'
    pen.lineWidth = thick * 2.2
    trace()
    pen.strokeStyle = pen.fillStyle = RED
    pen.lineWidth = thick
    trace()
  }
}

/** Too short to be meant: a tap. */
export const isArrow = ({ from, to }: Arrow): boolean => Math.hypot(to.x - from.x, to.y - from.y) > 0.04
const within = (share: number): number => Math.min(1, Math.max(0, share))
export const spot = (x: number, y: number): Spot => ({ x: within(x), y: within(y) })
