// The build of MapLibre whose worker is a file of its own, as our content policy wants it.
declare module 'maplibre-gl/dist/maplibre-gl-csp' {
  export * from 'maplibre-gl'
  import * as maplibre from 'maplibre-gl'
  export default maplibre
}
