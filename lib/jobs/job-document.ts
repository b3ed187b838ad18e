import { Stack, Token } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { OBJECT_KEY } from './iot-read-role';
import { objectUrl } from './presigned-urls';
import { invalid } from '../private/errors';
import { requireText } from '../private/text';

/** https://docs.aws.amazon.com/iot/latest/apireference/API_CreateJobTemplate.html */
const MAX_CHARACTERS = 32768;

/** How a job template says its document. */
interface RenderedDocument {
  readonly document?: string;
  readonly documentSource?: string;

  /** What it says, as far as the app knows. */
  readonly text?: string;
}

/** What a job tells a device to do: JSON that the device's software understands. */
export class JobDocument {
  /** An object, such as `{ operation: 'reboot' }`. It may contain tokens. */
  public static fromObject(content: { [key: string]: unknown }): JobDocument {
    return new JobDocument((scope) => {
      const text = textOf(scope, content);
      if (hasToken(content)) {
        return { document: Stack.of(scope).toJsonString(content), text };
      }
      if (text.length > MAX_CHARACTERS) {
        throw invalid(scope, `'document' must have at most ${MAX_CHARACTERS} characters as JSON, got ${text.length}; put it into Amazon S3 and use JobDocument.fromBucket`);
      }
      return { document: text, text };
    });
  }

  /**
   * An object of Amazon S3, in the Region of the template. It is read once, when the template is made: whoever deploys it needs
   * `s3:GetObject`.
   *
   * A change of the object does not change the template; give it another key.
   */
  public static fromBucket(bucket: s3.IBucket, key: string): JobDocument {
    return new JobDocument((scope) => {
      requireText(scope, 'key', key, OBJECT_KEY);
      return { documentSource: objectUrl(bucket, key) };
    });
  }

  private constructor(
    /** @internal */ public readonly _render: (scope: IConstruct) => RenderedDocument,
  ) {}
}

function textOf(scope: IConstruct, object: object): string {
  try {
    return JSON.stringify(object);
  } catch (error) {
    throw invalid(scope, `'document' must be an object that JSON can say: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** Without resolving any: what is produced later would be produced too early. */
function hasToken(value: unknown): boolean {
  return Token.isUnresolved(value)
    || (typeof value === 'object' && value !== null && Object.entries(value).some(([key, item]) => Token.isUnresolved(key) || hasToken(item)));
}
