/** A template of an app with users: where they sign in, what they become, and an API that they call. */

const provider = { 'Fn::GetAtt': ['Users', 'ProviderName'] };
const ref = (logicalId: string): object => ({ Ref: logicalId });
const arn = (logicalId: string): object => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** A role that an identity pool may give. */
function role(pool: string, amr: string, more: object = {}, actions: readonly string[] = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']): object {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{
          Effect: 'Allow',
          Principal: { Federated: 'cognito-identity.amazonaws.com' },
          Action: actions,
          Condition: {
            StringEquals: { 'cognito-identity.amazonaws.com:aud': ref(pool) },
            'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': amr },
          },
        }],
      },
      ...more,
    },
  };
}

function client(pool: string, more: object): object {
  return { Type: 'AWS::Cognito::UserPoolClient', Properties: { UserPoolId: ref(pool), ...more } };
}

const PASSWORD_FLOWS = { ExplicitAuthFlows: ['ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] };

export const USERS = {
  Users: {
    Type: 'AWS::Cognito::UserPool',
    Properties: {
      AliasAttributes: ['email'],
      Schema: [{ Name: 'site', AttributeDataType: 'String', Mutable: true }, { Name: 'tenant', AttributeDataType: 'String', Mutable: false }],
    },
  },
  Web: client('Users', PASSWORD_FLOWS),
  Other: client('Users', { ...PASSWORD_FLOWS, PreventUserExistenceErrors: 'ENABLED', ReadAttributes: ['email'] }),
  Server: client('Users', { GenerateSecret: true, ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }),
  Strangers: { Type: 'AWS::Cognito::UserPool', Properties: { UsernameAttributes: ['email'] } },
  StrangersWeb: client('Strangers', {}),
  Operators: { Type: 'AWS::Cognito::UserPoolGroup', Properties: { UserPoolId: ref('Users'), GroupName: 'operators', Precedence: 1, RoleArn: arn('OperatorRole') } },
  Readers: { Type: 'AWS::Cognito::UserPoolGroup', Properties: { UserPoolId: ref('Users'), GroupName: 'readers', Precedence: 1, RoleArn: arn('ReaderRole') } },
  OperatorRole: role('Mapped', 'authenticated'),
  ReaderRole: role('Mapped', 'authenticated'),
};

export const IDENTITIES = {
  ...USERS,
  Issuer: { Type: 'AWS::IAM::OIDCProvider', Properties: { Url: 'https://login.example', ClientIdList: ['app'] } },
  // With guests, users of one client, and of an issuer.
  Pool: {
    Type: 'AWS::Cognito::IdentityPool',
    Properties: {
      AllowUnauthenticatedIdentities: true,
      CognitoIdentityProviders: [{ ProviderName: provider, ClientId: ref('Web'), ServerSideTokenCheck: true }],
      OpenIdConnectProviderARNs: [arn('Issuer')],
    },
  },
  UserRole: role('Pool', 'authenticated', {
    Policies: [{ PolicyName: 'api', PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: { 'Fn::Sub': 'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/POST/attachment' } }] } }],
  }),
  GuestRole: role('Pool', 'unauthenticated'),
  PoolRoles: { Type: 'AWS::Cognito::IdentityPoolRoleAttachment', Properties: { IdentityPoolId: ref('Pool'), Roles: { authenticated: arn('UserRole'), unauthenticated: arn('GuestRole') } } },
  PoolTags: { Type: 'AWS::Cognito::IdentityPoolPrincipalTag', Properties: { IdentityPoolId: ref('Pool'), IdentityProviderName: provider, UseDefaults: false, PrincipalTags: { site: 'custom:site' } } },

  // Without guests; groups and rules choose the role.
  Mapped: {
    Type: 'AWS::Cognito::IdentityPool',
    Properties: { AllowUnauthenticatedIdentities: false, AllowClassicFlow: true, CognitoIdentityProviders: [{ ProviderName: provider, ClientId: ref('Web') }, { ProviderName: provider, ClientId: ref('Other') }] },
  },
  MappedRole: role('Mapped', 'authenticated', {}, ['sts:AssumeRoleWithWebIdentity']),
  // It trusts another pool.
  WrongRole: role('Pool', 'authenticated'),
  MappedRoles: {
    Type: 'AWS::Cognito::IdentityPoolRoleAttachment',
    Properties: {
      IdentityPoolId: ref('Mapped'),
      Roles: { authenticated: arn('MappedRole') },
      RoleMappings: {
        groups: { IdentityProvider: { 'Fn::Join': [':', [provider, ref('Web')]] }, Type: 'Token', AmbiguousRoleResolution: 'Deny' },
        rules: {
          IdentityProvider: { 'Fn::Join': [':', [provider, ref('Other')]] },
          Type: 'Rules',
          AmbiguousRoleResolution: 'AuthenticatedRole',
          RulesConfiguration: { Rules: [
            { Claim: 'email', MatchType: 'StartsWith', Value: 'op', RoleARN: arn('OperatorRole') },
            { Claim: 'email', MatchType: 'Contains', Value: '@', RoleARN: arn('WrongRole') },
          ] },
        },
      },
    },
  },

  Function: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'attach', Runtime: 'nodejs20.x', Handler: 'index.handler', Code: { ZipFile: '' } } },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'attach', CorsConfiguration: { AllowOrigins: ['http://localhost:5173', 'https://app.example'], AllowMethods: ['POST'], AllowHeaders: ['authorization', 'x-amz-date'], ExposeHeaders: ['x-trace'], MaxAge: 60 } } },
  Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: ref('Api'), StageName: '$default', AutoDeploy: true } },
  Slow: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: ref('Api'), StageName: 'slow', DefaultRouteSettings: { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 1 } } },
  Integration: { Type: 'AWS::ApiGatewayV2::Integration', Properties: { ApiId: ref('Api'), IntegrationType: 'AWS_PROXY', IntegrationUri: arn('Function'), PayloadFormatVersion: '2.0' } },
  ...Object.fromEntries(['POST /attachment', 'ANY /public/{thing}', 'GET /public/list', 'GET /files/{path+}'].map((RouteKey, index) => [`Route${index}`, {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: { ApiId: ref('Api'), RouteKey, AuthorizationType: index === 0 ? 'AWS_IAM' : 'NONE', Target: { 'Fn::Join': ['/', ['integrations', ref('Integration')]] } },
  }])),
  RouteJwt: { Type: 'AWS::ApiGatewayV2::Route', Properties: { ApiId: ref('Api'), RouteKey: 'GET /jwt', AuthorizationType: 'JWT', Target: { 'Fn::Join': ['/', ['integrations', ref('Integration')]] } } },
};
