/** Errors of Microsoft.Network for writes of security rules. */
import { ArmError } from './armError.ts';

export type Side = 'Source' | 'Destination';

const badRequest = (code: string, message: string) => new ArmError(400, code, message, { details: [] });

export const nsgErrors = {
  invalidFormat: (reason: string) =>
    new ArmError(400, 'InvalidRequestFormat', 'Cannot parse the request.', {
      details: [{ code: 'InvalidJson', message: reason }],
    }),

  locationRequired: () =>
    new ArmError(400, 'LocationRequired', 'The location property is required for this definition.'),

  otherLocation: (name: string, resourceGroup: string, existing: string, asked: string) =>
    new ArmError(
      409,
      'InvalidResourceLocation',
      `The resource '${name}' already exists in location '${existing}' in resource group '${resourceGroup}'. ` +
        `A resource with the same name cannot be created in location '${asked}'. Please select a new resource name.`,
    ),

  ruleNotFound: (ruleId: string) => new ArmError(404, 'NotFound', `Resource ${ruleId} not found.`, { details: [] }),

  invalidName: (name: string) =>
    badRequest(
      'InvalidResourceName',
      `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, ` +
        "and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
    ),

  invalidPriority: (value: unknown) =>
    badRequest(
      'SecurityRuleInvalidPriority',
      `Security rule has invalid Priority. Value provided: ${String(value)} Allowed range 100-4096.`,
    ),

  priorityTaken: (first: string, second: string) =>
    badRequest(
      'SecurityRuleConflict',
      `Security rule ${first} conflicts with rule ${second}. Rules cannot have the same Priority and Direction. ` +
        'To learn more, see https://aka.ms/nsgrules.',
    ),

  tooManyRules: (limit: number) =>
    badRequest('SecurityRuleCountLimitReached', `A security group cannot have more than ${limit} security rules.`),

  tooManyValues: (nsgId: string, count: number, kind: string, limit: number) =>
    badRequest(
      'SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached',
      `Network security group ${nsgId} has ${count} ${kind}. A security group cannot have more than ${limit} ${kind} ` +
        'as per the limit MaxSecurityRuleAddressesOrPortsPerSecurityGroup.',
    ),

  parametersMissing: (ruleId: string, accepted: string) =>
    badRequest(
      'SecurityRuleParametersMissing',
      `Required security rule parameters are missing for security rule with Id: ${ruleId}. Security rule must specify ${accepted}.`,
    ),

  parametersConflict: (ruleId: string, given: string) =>
    badRequest(
      'SecurityRuleParametersConflict',
      `Security rule ${ruleId} specifies more than one of ${given}. Only one of them may be set.`,
    ),

  descriptionTooLong: (ruleId: string, length: number) =>
    badRequest(
      'SecurityRuleDescriptionTooLong',
      `Description of security rule ${ruleId} has ${length} characters. It is restricted to 140 characters.`,
    ),

  mixedFamilies: () =>
    badRequest(
      'ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies',
      'All IP addresses or prefixes in the resource should belong to the same address family.',
    ),

  overlapping: (side: Side, ruleId: string, first: string, second: string) =>
    badRequest(
      'OverlappingSubnetsNotPermittedInSecurityRule',
      `Security rule parameter ${side}AddressPrefix for rule with Id ${ruleId} contains overlapping subnets ` +
        `[${first}, ${second}], which is not permitted.`,
    ),

  invalidPrefix: (ruleId: string, value: string) =>
    badRequest(
      'SecurityRuleInvalidAddressPrefix',
      `Security rule ${ruleId} has invalid Address prefix. Value provided: ${value}`,
    ),

  unsupportedInPlural: (side: Side, ruleId: string, value: string) =>
    badRequest(
      'SecurityRuleParameterContainsUnsupportedValue',
      `Security rule parameter ${side}AddressPrefix for rule with Id ${ruleId} cannot specify existing ` +
        `VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: ${value}.`,
    ),

  invalidPortRange: (value: string) =>
    badRequest(
      'SecurityRuleInvalidPortRange',
      `Security rule has invalid Port range. Value provided: ${value}. ` +
        "Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535.",
    ),

  lockedByOperation: (operation: string, operationId: string, resourceId: string, retryAfterInSeconds?: number) =>
    new ArmError(429, 'RetryableError', 'A retryable error occurred.', {
      details: [
        {
          code: 'RetryableErrorDueToAnotherOperation',
          message: `Operation ${operation} (${operationId}) is updating resource ${resourceId}. The call can be retried in a few seconds.`,
        },
      ],
      ...(retryAfterInSeconds === undefined ? {} : { headers: { 'Retry-After': String(retryAfterInSeconds) } }),
    }),

  anotherOperation: (operationUrl: string) =>
    new ArmError(
      409,
      'AnotherOperationInProgress',
      'Another operation on this or dependent resource is in progress. ' +
        `To retrieve status of the operation use uri: ${operationUrl}.`,
      { details: [] },
    ),

  superseded: (operationId: string) =>
    new ArmError(
      409,
      'CanceledAndSupersededDueToAnotherOperation',
      `Operation was canceled and superseded due to another operation ${operationId}.`,
      { details: [] },
    ),

  etagMismatch: (asked: string, actual: string, resourceId: string) =>
    new ArmError(412, 'PreconditionFailed', 'Precondition failed.', {
      details: [
        {
          code: 'PreconditionFailedEtagMismatch',
          message: `Etag provided in if-match header ${asked} does not match etag ${actual} of resource ${resourceId} in NRP data store.`,
        },
      ],
    }),
};
