/** The object, or nothing where none of its properties is defined: the CDK would leave `{}` in the template. */
export function omitEmpty<T extends object>(object: T): T | undefined {
  return Object.values(object).some((value) => value !== undefined) ? object : undefined;
}
