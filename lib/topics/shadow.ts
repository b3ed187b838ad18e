import { TopicError } from './errors';
import { maskTokens } from './pattern';

/** What a device may do with its own shadow. */
export enum ShadowAccess {
  /** Get the document and hear of changes. */
  READ = 'read',
  /** Also update it; the service lets a device write `desired` as well as `reported`. */
  READ_WRITE = 'read-write',
  /** Also delete it. */
  READ_WRITE_DELETE = 'read-write-delete',
}

/** Options for a device's shadow. */
export interface ShadowOptions {
  /**
   * What the device may do with it.
   *
   * A topic policy cannot see into a document. To keep a device from writing what it should only read, put that into a
   * named shadow of its own with `ShadowAccess.READ`.
   *
   * @default ShadowAccess.READ_WRITE
   */
  readonly access?: ShadowAccess;
}

/**
 * A shadow that each device of a fleet has: a document with its reported and its desired state.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-device-shadows.html
 */
export class Shadow {
  /** The classic shadow, which has no name. */
  public static classic(options: ShadowOptions = {}): Shadow {
    return new Shadow(undefined, options.access ?? ShadowAccess.READ_WRITE);
  }

  /** A named shadow; the name has 1 to 64 letters, digits and `$:_-`. */
  public static named(shadowName: string, options: ShadowOptions = {}): Shadow {
    if (!/^[$a-zA-Z0-9:_-]{1,64}$/.test(maskTokens(shadowName))) {
      throw new TopicError(`'shadowName' must have 1 to 64 letters, digits and $:_-, got '${shadowName}'`);
    }
    return new Shadow(shadowName, options.access ?? ShadowAccess.READ_WRITE);
  }

  private constructor(
    /** Its name; undefined for the classic shadow. */
    public readonly shadowName: string | undefined,
    /** What the device may do with it. */
    public readonly access: ShadowAccess,
  ) {}
}
