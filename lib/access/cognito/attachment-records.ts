import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** The index by which the identities of a user are found. */
const BY_USER = 'ByUser';

/** Properties for the records of attachments. */
export interface AttachmentRecordsProps {
  readonly encryptionKey?: kms.IKey;
  readonly removalPolicy?: RemovalPolicy;
}

/** Which identities have the policies, whose they are, and since when. */
export class AttachmentRecords extends Construct {
  private readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string, { encryptionKey, removalPolicy }: AttachmentRecordsProps) {
    super(scope, id);

    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'identityId', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...encryptionKey
        ? { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey }
        : { encryption: dynamodb.TableEncryption.AWS_MANAGED },
      removalPolicy: removalPolicy ?? RemovalPolicy.DESTROY,
    });
    this.table.addGlobalSecondaryIndex({ indexName: BY_USER, partitionKey: { name: 'userSub', type: dynamodb.AttributeType.STRING }, projectionType: dynamodb.ProjectionType.KEYS_ONLY });
  }

  public get tableName(): string {
    return this.table.tableName;
  }

  /** Lets a function work on records, and on nothing else of the table. */
  public grant(grantee: iam.IGrantable, ...actions: string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources: [this.table.tableArn] }));
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
  }

  /** Lets a function find the identities of a user. */
  public grantLookup(grantee: iam.IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement({ actions: ['dynamodb:Query'], resources: [`${this.table.tableArn}/index/${BY_USER}`] }));
  }
}
