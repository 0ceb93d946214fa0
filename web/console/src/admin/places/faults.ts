// What a check of a layer, or a preview of a change, found wrong: GeoJSON of the server as rows.
import type { Feature, FeatureCollection, Geometry } from 'geojson'

export interface Fault {
  kind: string
  /** `fault` is to be mended; a `sliver` is what rounding leaves, and does no harm. */
  grade: 'fault' | 'sliver'
  grids: string[]
  size_m2: number
  message: string
  geometry: Geometry | null
}
export interface Coverage { sound: boolean; faults: number; slivers: number; list: Fault[] }

export function faultsOf(found: unknown): Fault[] {
  return (found as FeatureCollection<Geometry>).features.map((f) => {
    const p = f.properties as Omit<Fault, 'geometry'>
    return { kind: p.kind, grade: p.grade, grids: p.grids, size_m2: p.size_m2, message: p.message, geometry: f.geometry as Geometry | null }
  })
}

/** The largest first, what is to be mended before what is not. */
export function coverageOf(found: unknown): Coverage {
  const { sound, faults, slivers } = found as Coverage
  const list = faultsOf(found).sort((a, b) => Number(a.grade === 'sliver') - Number(b.grade === 'sliver') || b.size_m2 - a.size_m2)
  return { sound, faults, slivers, list }
}

export const asFeatures = (faults: readonly Fault[]): Feature[] =>
  faults.flatMap((f) => (f.geometry ? [{ type: 'Feature' as const, geometry: f.geometry, properties: { grade: f.grade } }] : []))
