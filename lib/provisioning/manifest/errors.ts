/** A manifest cannot be used. The message says where; it has no part of the manifest in it. */
export class ManifestError extends Error {
  public override readonly name = 'ManifestError';
}
