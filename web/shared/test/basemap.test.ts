import { expect, test } from 'vitest'
import { gcj02, patches, tileOf } from '../src/map/gcj02'
import pairs from './gcj02.json'

test('the offset of GCJ-02 is the one that imports use', () => {
  for (const pair of pairs) {
    const [lon, lat] = gcj02(pair.wgs84[0] ?? 0, pair.wgs84[1] ?? 0)
    expect(lon).toBeCloseTo(pair.gcj02[0] ?? 0, 9)
    expect(lat).toBeCloseTo(pair.gcj02[1] ?? 0, 9)
  }
})

test('a tile of GCJ-02 is brought to its place in Shenzhen within a third of a pixel, and three metres from street maps on', () => {
  const metres = (z: number) => (40_075_017 * Math.cos((22.6 * Math.PI) / 180)) / 2 ** z // a tile's edge
  for (const z of [5, 8, 10, 12, 14, 16, 18]) {
    for (let n = 0; n < 400; n++) {
      const [lon, lat] = [113.75 + ((n * 37) % 400) / 450, 22.44 + ((n * 53) % 400) / 900]
      const [x, y] = tileOf(lon, lat, z)
      const [column, row] = [Math.floor(x), Math.floor(y)]
      const patch = patches(z, column, row).find(({ to }) => x - column >= to[0] && x - column < to[0] + to[2] && y - row >= to[1] && y - row < to[1] + to[3])
      if (!patch) throw new Error('the parts do not cover the tile')
      const { to, from } = patch
      const drawn = [from[0] + ((x - column - to[0]) / to[2]) * from[2], from[1] + ((y - row - to[1]) / to[3]) * from[3]] as const
      const [tx, ty] = tileOf(...gcj02(lon, lat), z)
      const off = Math.hypot(drawn[0] - tx, drawn[1] - ty)
      expect(off * 256).toBeLessThan(1 / 3)
      if (z >= 14) expect(off * metres(z)).toBeLessThan(3)
    }
  }
})
