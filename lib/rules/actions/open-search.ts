import { Token } from 'aws-cdk-lib';
import type * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import { NAMED_BY_MESSAGE, naming, templated, type ActionDefinition } from './definition';
import { asPattern } from '../templates';

/** Options for indexing messages in an Amazon OpenSearch Service domain. Substitution templates are replaced in all texts. */
export interface OpenSearchActionOptions {
  /** The index. */
  readonly index: string;

  /**
   * The id of the document; one with the same id is replaced.
   *
   * @default '${newuuid()}'
   */
  readonly documentId?: string;

  /**
   * The type of the document, which OpenSearch has only one of.
   *
   * @default '_doc'
   */
  readonly documentType?: string;
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/opensearch-rule-action.html */
export function openSearchAction(domain: opensearch.IDomain, { index, documentId = '${newuuid()}', documentType = '_doc' }: OpenSearchActionOptions): ActionDefinition {
  return {
    kind: 'OpenSearch',
    env: domain.env,
    problem: () => (isInVpc(domain) ? `'domain' must have a public endpoint, AWS IoT reaches none in a VPC, got ${domain.node.path}` : undefined),
    fields: [
      naming('index', index, { pattern: /^(?![_-])[^A-Z\\/*?"<>| ,:]+$/, characters: 'characters that an index may have and not begin with _ or -', maxLength: 255 }),
      naming('documentId', documentId, { pattern: /^[^/*?]+$/, characters: 'characters other than /, * and ?', maxLength: 512 }),
      templated('documentType', documentType, { pattern: /^[^/*?]+$/, characters: 'characters other than /, * and ?', maxLength: 255 }),
    ],
    permissions: () => [{ actions: ['es:ESHttpPut'], resources: [`${domain.domainArn}/${[index, documentType, documentId].map(asPattern).join('/')}`] }],
    wildcards: NAMED_BY_MESSAGE,
    render: (roleArn) => ({ openSearch: { roleArn, endpoint: `https://${domain.domainEndpoint}`, index, type: documentType, id: documentId } }),
  };
}

/** Its endpoint tells, or what defines it here. */
function isInVpc(domain: opensearch.IDomain): boolean {
  const { vpcOptions } = (domain.node.defaultChild ?? {}) as Partial<opensearch.CfnDomain>;
  return vpcOptions !== undefined || (!Token.isUnresolved(domain.domainEndpoint) && domain.domainEndpoint.startsWith('vpc-'));
}
