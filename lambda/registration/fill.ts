/** A text with the values of parameters in it. */
export function fill(pattern: string, values: { readonly [name: string]: string }): string {
  return pattern.replace(/\{([^{}]+)\}/g, (whole, name: string) => values[name] ?? whole);
}
