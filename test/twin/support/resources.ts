/** A role with an inline policy, for functions and rules. */
export function role(...statements: readonly object[]): { readonly Type: string; readonly Properties: object } {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal: { Service: ['lambda.amazonaws.com', 'iot.amazonaws.com'] }, Action: 'sts:AssumeRole' } },
      Policies: [{ PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}

/** A function of inline code: the body of an async handler, with the event in `event`. */
export function fn(body: string, more: object = {}): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { Runtime: 'nodejs24.x', Handler: 'index.handler', Timeout: 10, Code: { ZipFile: `exports.handler = async (event, context) => { ${body} };` }, ...more },
  };
}

/** What lets AWS IoT invoke a function for an authorizer. */
export function permission(functionId: string, authorizerName: string): object {
  return {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      FunctionName: { 'Fn::GetAtt': [functionId, 'Arn'] },
      Action: 'lambda:InvokeFunction',
      Principal: 'iot.amazonaws.com',
      SourceArn: { 'Fn::Sub': `arn:\${AWS::Partition}:iot:\${AWS::Region}:\${AWS::AccountId}:authorizer/${authorizerName}` },
    },
  };
}

/** An authorizer with its function and permission, by logical ids that begin with its name. */
export function authorizer(name: string, body: string, properties: object): object {
  return {
    [`${name}Function`]: fn(body),
    [`${name}Permission`]: permission(`${name}Function`, name),
    [name]: {
      Type: 'AWS::IoT::Authorizer',
      Properties: { AuthorizerName: name, AuthorizerFunctionArn: { 'Fn::GetAtt': [`${name}Function`, 'Arn'] }, Status: 'ACTIVE', ...properties },
    },
  };
}
