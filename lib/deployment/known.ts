/** What became known of a resource when it was deployed. */
export interface KnownResource {
  /** What `Ref` gives. */
  readonly physicalId?: string;

  /** What `Fn::GetAtt` gives, by the name of the attribute. */
  readonly attributes?: Readonly<Record<string, string | readonly string[]>>;
}

/** What is known of resources besides what the template says, by the path of the stack, a slash and the logical ID. */
export interface Knowledge {
  /**
   * What became known when resources were deployed.
   *
   * @default - only what follows from the template
   */
  readonly known?: Readonly<Record<string, KnownResource>>;

  /**
   * Resources that do not exist yet: what refers to them is unknown, also where it follows from the template.
   *
   * @default - every resource exists
   */
  readonly pending?: ReadonlySet<string>;
}

/** How `Knowledge` calls a resource. */
export function resourceKey(stackPath: string, logicalId: string): string {
  return `${stackPath}/${logicalId}`;
}
