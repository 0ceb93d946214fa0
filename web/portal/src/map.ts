// The portal's map: what everybody may see of the ground, below an address of its own.
import { portalMapBasemap } from '@wangge/shared/api/sdk.gen'
import { got } from '@wangge/shared/src/call'
import { type Source, baseOf } from '@wangge/shared/src/map/view'

export const OPEN: Source = {
  root: '/api/v1/portal',
  layers: () => Promise.resolve([{ key: 'base', kind: 'base' }]),
  basemap: () => got(portalMapBasemap()).then(baseOf).catch(() => null),
}
