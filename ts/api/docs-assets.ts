/** Files that the executable holds: the name of each in it, and where it comes from. */
export const docsAssets = {
  viewer: ['api/viewer.js', 'openapi-explorer/dist/browser/openapi-explorer.min.js'],
} as const
