import { TopicError } from './errors';
import { maskTokens } from './pattern';
import { PayloadFormat } from './payload-format';

/** Options for the access of devices to streams. */
export interface StreamAccessOptions {
  /**
   * In which formats the device asks for blocks of files.
   *
   * @default - all
   */
  readonly payloadFormats?: PayloadFormat[];
}

/**
 * A stream that devices may read: files that AWS IoT delivers to them in small blocks over MQTT.
 *
 * A stream is not of one device: whoever may read any stream may read all of the account whose ids it learns.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/mqtt-based-file-delivery.html
 */
export class StreamAccess {
  /** The stream with this id: 1 to 128 letters, digits and `_-`. */
  public static named(streamId: string, options: StreamAccessOptions = {}): StreamAccess {
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(maskTokens(streamId))) {
      throw new TopicError(`'streamId' must have 1 to 128 letters, digits, '_' and '-', got '${streamId}'`);
    }
    return new StreamAccess(streamId, formatsOf(options));
  }

  /** Any stream of the account: for streams whose ids only a job tells, such as those of FreeRTOS updates. */
  public static any(options: StreamAccessOptions = {}): StreamAccess {
    return new StreamAccess(undefined, formatsOf(options));
  }

  private constructor(
    /** Its id; undefined for any stream. */
    public readonly streamId: string | undefined,
    /** In which formats the device asks. */
    public readonly payloadFormats: PayloadFormat[],
  ) {}
}

function formatsOf({ payloadFormats = [PayloadFormat.JSON, PayloadFormat.CBOR] }: StreamAccessOptions): PayloadFormat[] {
  if (payloadFormats.length === 0) {
    throw new TopicError("'payloadFormats' must have at least one; leave it out for all");
  }
  return [...new Set(payloadFormats)];
}
