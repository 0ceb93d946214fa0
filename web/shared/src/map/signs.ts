// The pictures of points and clusters, drawn when a map first asks for one: a case by its clock, with a sign so that colour is never alone; a cluster as
// a ring whose red and amber parts are the shares of overdue and soon.
import type { MapCaseOut, MapCellOut } from '../../api/types.gen'
import type { Look, Standing } from './look'

/** One case, or several in one place: a cell of `GET /cases/map`. */
export type Cell = Pick<MapCellOut, 'lon' | 'lat' | 'count' | 'overdue' | 'soon'> & { case?: Pick<MapCaseOut, 'id' | 'status'> | null }

const ENDED = new Set(['closed', 'archived', 'rejected', 'withdrawn', 'merged'])

export function standing(cell: Cell): Standing {
  if (cell.case?.status === 'suspended') return 'paused'
  if (cell.overdue) return 'late'
  if (ENDED.has(cell.case?.status ?? '')) return 'ended'
  return cell.soon ? 'soon' : 'in-time'
}

/** Twelfths of a ring: a share that is there is never drawn as nothing, nor a part as the whole. */
const twelfths = (part: number, whole: number): number => (part <= 0 ? 0 : part >= whole ? 12 : Math.min(11, Math.max(1, Math.round((part / whole) * 12))))
const SIZES = [10, 100, 1000]

/** The name of the picture of a cell: what has the same name looks the same. */
export function signOf(cell: Cell): string {
  if (cell.count <= 1) return `case:${standing(cell)}`
  const size = SIZES.filter((s) => cell.count >= s).length
  return `cluster:${size}:${twelfths(cell.overdue, cell.count)}:${twelfths(cell.soon, cell.count)}`
}

export interface Picture { width: number; height: number; data: Uint8ClampedArray }

/** The picture of that name, `ratio` dots to a pixel; null for a name that is none of ours. */
export function draw(name: string, look: Look, ratio: number, print: number): Picture | null {
  const [kind, ...rest] = name.split(':')
  if (kind === 'case') return canvas(22 * print, ratio, (c, s) => drawCase(c, s, rest[0] as Standing, look))
  if (kind === 'cluster') return canvas((34 + 7 * Number(rest[0])) * print, ratio, (c, s) => drawCluster(c, s, Number(rest[1]), Number(rest[2]), look))
  if (kind === 'pin') return canvas(36, ratio, (c, s) => drawPin(c, s, look))
  return null
}

function canvas(size: number, ratio: number, paint: (c: CanvasRenderingContext2D, size: number) => void): Picture | null {
  const made = document.createElement('canvas')
  made.width = made.height = Math.round(size * ratio)
  const c = made.getContext('2d')
  if (!c) return null
  c.scale(ratio, ratio)
  paint(c, size)
  return c.getImageData(0, 0, made.width, made.height)
}

function disc(c: CanvasRenderingContext2D, middle: number, radius: number, colour: string): void {
  c.beginPath()
  c.arc(middle, middle, radius, 0, 2 * Math.PI)
  c.fillStyle = colour
  c.fill()
}

function drawCase(c: CanvasRenderingContext2D, size: number, how: Standing, look: Look): void {
  const m = size / 2
  disc(c, m, m - 1, look.rim)
  disc(c, m, m - 3, look.clock[how])
  const u = size / 22 // the signs are drawn on a grid of 22
  c.fillStyle = c.strokeStyle = look.sign
  c.lineWidth = 2 * u
  c.lineCap = 'round'
  c.beginPath()
  if (how === 'late') { // !
    c.moveTo(m, 7 * u); c.lineTo(m, 11.5 * u); c.moveTo(m, 15 * u); c.lineTo(m, 15.1 * u)
  } else if (how === 'soon') { // the hands of a clock
    c.moveTo(m, 7 * u); c.lineTo(m, m); c.lineTo(14 * u, 13 * u)
  } else if (how === 'paused') { // ‖
    c.moveTo(9 * u, 8 * u); c.lineTo(9 * u, 14 * u); c.moveTo(13 * u, 8 * u); c.lineTo(13 * u, 14 * u)
  } else if (how === 'ended') { // ✓
    c.moveTo(7.5 * u, 11 * u); c.lineTo(10 * u, 13.5 * u); c.lineTo(14.5 * u, 8.5 * u)
  }
  c.stroke()
}

function drawCluster(c: CanvasRenderingContext2D, size: number, late: number, soon: number, look: Look): void {
  const m = size / 2
  c.shadowColor = 'rgb(11 21 38 / 28%)'
  c.shadowBlur = 3
  disc(c, m, m - 2, look.disc)
  c.shadowColor = 'transparent'
  const arc = (start: number, end: number, colour: string) => {
    c.beginPath()
    c.arc(m, m, m - 4.5, (start / 12 - 0.25) * 2 * Math.PI, (end / 12 - 0.25) * 2 * Math.PI)
    c.lineWidth = 4
    c.strokeStyle = colour
    c.stroke()
  }
  arc(0, 12, look.clock['in-time'])
  if (soon) arc(late, Math.min(12, late + soon), look.clock.soon)
  if (late) arc(0, late, look.clock.late)
}

function drawPin(c: CanvasRenderingContext2D, size: number, look: Look): void {
  const u = size / 36
  c.beginPath()
  c.moveTo(18 * u, 35 * u)
  c.bezierCurveTo(7 * u, 23 * u, 6 * u, 19 * u, 6 * u, 14 * u)
  c.arc(18 * u, 14 * u, 12 * u, Math.PI, 0)
  c.bezierCurveTo(30 * u, 19 * u, 29 * u, 23 * u, 18 * u, 35 * u)
  c.fillStyle = look.action
  c.strokeStyle = look.rim
  c.lineWidth = 2 * u
  c.fill()
  c.stroke()
  c.beginPath()
  c.arc(18 * u, 14 * u, 4.5 * u, 0, 2 * Math.PI)
  c.fillStyle = look.rim
  c.fill()
}
