/** A power of two. Tokens have some 1,000 characters. */
const PLACES = 512;

/** Tokens of late, each in the one place that follows from the end of its signature: that is random, and fast to look up. */
export class Recent<T extends { readonly token: string }> {
  private readonly places: (T | undefined)[] = Array<T | undefined>(PLACES).fill(undefined);

  public find(token: string): T | undefined {
    const found = this.places[placeOf(token)];
    return found?.token === token ? found : undefined;
  }

  /** The one that had the place before is forgotten. */
  public put(entry: T): void {
    this.places[placeOf(entry.token)] = entry;
  }

  public clear(): void {
    this.places.fill(undefined);
  }
}

/** The last character of a signature has fewer bits than those before. */
function placeOf(token: string): number {
  const { length } = token;
  return (token.charCodeAt(length - 2) * 961 + token.charCodeAt(length - 3) * 31 + token.charCodeAt(length - 4)) & (PLACES - 1);
}
