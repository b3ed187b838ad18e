import { RemovalPolicy, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { invalid } from '../private/errors';

/** The partition key of the table. */
const KEY = 'serialNumber';

/** AWS Lambda takes 4 KB of environment variables, and there are others. */
const MAX_SERIAL_NUMBERS_BYTES = 2048;

/** Properties for an allow list. */
export interface AllowListProps {
  /**
   * Serial numbers that are on the list without an item in the table: a few, for a pilot. Others go into the table.
   *
   * @default - none
   */
  readonly serialNumbers?: string[];

  /**
   * A table that exists, with the partition key `serialNumber`, a text.
   *
   * @default - a new table
   */
  readonly table?: dynamodb.ITable;

  /**
   * The key that the table is encrypted with.
   *
   * @default - the key of DynamoDB in the account, `aws/dynamodb`
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What becomes of the table when it leaves the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The devices that may be registered: a table with one item for each, by serial number.
 *
 * Items are data: put them there when devices are made.
 *
 * `aws dynamodb put-item --table-name TABLE --item '{"serialNumber":{"S":"1234"},"parameters":{"M":{"Site":{"S":"hall-1"}}}}'`
 *
 * - `parameters` are values of template parameters that the device does not get to choose.
 * - `claimCertificateId`, if present, is the claim certificate that the device must come with.
 * - `blocked`, if true, shuts the device out of registration.
 *
 * A serial number counts once: the first device that comes with it has its public key written down, as `publicKey`, and no
 * other key is let in. To release the serial number, after the device was given a new key, remove that attribute; what the
 * device had before is then retired when it comes.
 *
 * `aws dynamodb update-item --table-name TABLE --key '{"serialNumber":{"S":"1234"}}' --update-expression 'REMOVE publicKey'`
 */
export class AllowList extends Construct {
  public readonly table: dynamodb.ITable;

  /** @internal */
  public readonly _serialNumbers: readonly string[];

  constructor(scope: Construct, id: string, props: AllowListProps = {}) {
    super(scope, id);

    this._serialNumbers = props.serialNumbers ?? [];
    this.requireSerialNumbers();
    if (props.table && (props.encryptionKey || props.removalPolicy)) {
      throw invalid(this, "'encryptionKey' and 'removalPolicy' are for a new table, and must not be given with 'table'");
    }
    this.table = props.table ?? new dynamodb.Table(this, 'Table', {
      partitionKey: { name: KEY, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...props.encryptionKey
        ? { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey: props.encryptionKey }
        : { encryption: dynamodb.TableEncryption.AWS_MANAGED },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }

  /**
   * Lets a function read items and bind them to devices; not add or remove any.
   *
   * @internal
   */
  public _grantBinding(grantee: iam.IGrantable): void {
    this.table.grant(grantee, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
  }

  private requireSerialNumbers(): void {
    if (Token.isUnresolved(this._serialNumbers)) {
      return;
    }
    const size = Buffer.byteLength(JSON.stringify(this._serialNumbers));
    if (size > MAX_SERIAL_NUMBERS_BYTES) {
      throw invalid(this, `'serialNumbers' must take at most ${MAX_SERIAL_NUMBERS_BYTES} bytes, got ${size}; put them into the table instead`);
    }
  }
}
