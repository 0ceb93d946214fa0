import { describe, expect, it } from 'vitest'
import { zeroBits } from '../src/zeros'

describe('a proof of work', () => {
  it('counts the zero bits that a digest begins with', () => {
    expect([[255], [128, 0], [1], [0, 127], [0, 0, 16], [0, 0]].map((b) => zeroBits(new Uint8Array(b)))).toEqual([0, 0, 7, 9, 19, 16])
  })
})
