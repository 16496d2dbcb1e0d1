/** Errors in the wording of Azure Resource Manager, one factory per error. */

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
}

export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly ErrorDetail[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { readonly details?: readonly ErrorDetail[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'ArmError';
    this.status = status;
    this.code = code;
    this.details = more.details;
    this.headers = more.headers ?? {};
  }
}

export function errorBody(error: {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly ErrorDetail[] | undefined;
}): { error: { code: string; message: string; details?: readonly ErrorDetail[] } } {
  const { code, message, details } = error;
  return { error: { code, message, ...(details ? { details } : {}) } };
}

export const armErrors = {
  notBuilt: (what: string) =>
    new ArmError(501, 'NotImplementedInSimulator', `The simulator does not implement ${what}.`),

  missingApiVersion: () =>
    new ArmError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    ),

  unknownApiVersion: (type: string, version: string, supported: readonly string[]) =>
    new ArmError(
      400,
      'NoRegisteredProviderFound',
      `No registered resource provider found for API version '${version}' for type '${type}'. ` +
        `The supported api-versions are '${supported.join(', ')}'.`,
    ),

  invalidJson: (cause: string) =>
    new ArmError(
      400,
      'InvalidRequestContent',
      `The request content was invalid and could not be deserialized: '${cause}'.`,
    ),

  missingToken: () =>
    new ArmError(401, 'AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.", {
      headers: {
        'WWW-Authenticate': challenge('invalid_token', 'The authentication failed because of missing header.'),
      },
    }),

  invalidToken: () =>
    new ArmError(401, 'InvalidAuthenticationToken', 'The access token is invalid.', {
      headers: { 'WWW-Authenticate': challenge('invalid_token', 'The access token is invalid.') },
    }),

  authorizationFailed: (client: string, objectId: string, action: string, scope: string) =>
    new ArmError(
      403,
      'AuthorizationFailed',
      `The client '${client}' with object id '${objectId}' does not have authorization to perform action '${action}' ` +
        `over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    ),

  scopeLocked: (scope: string, verb: 'write' | 'delete', locked: readonly string[]) =>
    new ArmError(
      409,
      'ScopeLocked',
      `The scope '${scope}' cannot perform ${verb} operation because following scope(s) are locked: ` +
        `'${locked.join(',')}'. Please remove the lock and try again.`,
    ),

  invalidSubscriptionId: (id: string) =>
    new ArmError(400, 'InvalidSubscriptionId', `The provided subscription identifier '${id}' is malformed or invalid.`),

  subscriptionNotFound: (id: string) =>
    new ArmError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`),

  subscriptionDisabled: (id: string) =>
    new ArmError(
      409,
      'ReadOnlyDisabledSubscription',
      `The subscription '${id}' is disabled and therefore marked as read only. ` +
        'You cannot perform any write actions on this subscription until it is re-enabled.',
    ),

  resourceGroupNotFound: (name: string) =>
    new ArmError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`),

  resourceNotFound: (typeAndName: string, resourceGroup: string) =>
    new ArmError(
      404,
      'ResourceNotFound',
      `The Resource '${typeAndName}' under resource group '${resourceGroup}' was not found. ` +
        'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
    ),

  parentResourceNotFound: (type: string, parentId: string) =>
    new ArmError(
      404,
      'ParentResourceNotFound',
      `Failed to perform 'write' on resource(s) of type '${type}', because the parent resource '${parentId}' could not be found.`,
    ),

  throttled: (kind: string, subscription: string, actor: string, seconds: number) =>
    new ArmError(
      429,
      'SubscriptionRequestsThrottled',
      `Number of '${kind}' requests for subscription '${subscription}' actor '${actor}' exceeded. ` +
        `Please try again after '${seconds}' seconds after additional tokens are available. ` +
        'Refer to https://aka.ms/arm-throttling for additional information.',
      { headers: { 'Retry-After': String(seconds) } },
    ),

  providerThrottled: (kind: string, limit: number, seconds: number) =>
    new ArmError(
      429,
      'TooManyRequests',
      `The server rejected the request because too many requests have been received for this subscription: ` +
        `more than ${limit} ${kind} in five minutes.`,
      { headers: { 'Retry-After': String(seconds) } },
    ),
};

function challenge(error: string, description: string): string {
  return `Bearer authorization_uri="https://login.microsoftonline.com/common", error="${error}", error_description="${description}"`;
}
