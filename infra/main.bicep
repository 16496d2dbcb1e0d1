// Everything that the app needs, without any stored secret. Deploy it at subscription scope.
targetScope = 'subscription'

@description('Short name of this deployment. It is part of every resource name.')
@minLength(2)
@maxLength(24)
param environmentName string

@description('Region of the app. Azure must offer Flex Consumption there.')
param location string

@description('Resource group to create or use. Empty: rg-<environmentName>.')
param resourceGroupName string = ''

@description('Resource ids of the network security groups whose rules the app may write.')
param networkSecurityGroupIds string[] = []

@description('Resource ids of the Premium registries whose IP rules the app may write.')
param registryIds string[] = []

@description('Resource ids of registries that are only read, for targets with "regions": { "ofRegistry": … }.')
param observedRegistryIds string[] = []

@description('Ids of the subscriptions in which the app may search for resources with the tag service-tag-sync.')
param discoverySubscriptionIds string[] = []

@description('SERVICE_TAGS_SOURCES of docs/contract.md. If it contains "api", the identity gets a role at subscription scope to read service tags.')
param serviceTagsSources string = 'download,api'

@description('SERVICE_TAGS_LOCATION: the region whose copy of the service tags the Discovery API returns.')
param serviceTagsLocation string = location

@description('TARGETS: path in the package, or blob:config/<name>.')
param targets string = 'targets.json'

@description('PULL_SCHEDULE: NCRONTAB with six fields, UTC.')
param pullSchedule string = '0 30 */6 * * *'

@description('RECONCILE_SCHEDULE: NCRONTAB with six fields, UTC.')
param reconcileSchedule string = '0 0 * * * *'

@description('ARM_API_VERSIONS: comma list of <provider or resource type>=<api-version>. Empty: the versions of the SDK.')
param armApiVersions string = ''

@description('Proxy for every outgoing call: HTTPS_PROXY and HTTP_PROXY. Empty: none.')
param outboundProxy string = ''

@description('NO_PROXY: comma list of hosts that the app calls without the proxy.')
param noProxy string = ''

@description('UPDATES_PAUSED: if true, the app writes to no target.')
param updatesPaused bool = false

@description('NOTIFICATION_WEBHOOKS: comma list of HTTPS URLs, or a Key Vault reference.')
@secure()
param notificationWebhooks string = ''

@description('NOTIFICATION_SECRET: key that signs notifications, or a Key Vault reference.')
@secure()
param notificationSecret string = ''

@description('Resource ids of the Key Vaults in the references above. The app gets a role to read their secrets.')
param keyVaultIds string[] = []

@description('E-mail addresses that get the alerts. Empty: the portal shows the alerts, and nobody gets a message.')
param alertEmails string[] = []

@description('True: the app runs in its own virtual network and reaches its storage only through private endpoints.')
param virtualNetworkEnabled bool = false

@description('Addresses and CIDRs that may call the API: firewalls that poll, and people who approve. Empty: everybody with a key.')
param allowedIpRanges string[] = []

@description('Addresses and CIDRs from which the app may be published. Empty: everywhere, with Entra ID.')
param publisherIpRanges string[] = []

@description('Locations of an availability test that calls health every five minutes, such as emea-nl-ams-azr. Empty: no test.')
param availabilityTestLocations string[] = []

@description('Days for which a ledger record cannot be changed or deleted. Until you lock the policy (docs/operations.md), an administrator can remove it. 0: the deployment does not change the policy of the container.')
@minValue(0)
@maxValue(3650)
param ledgerRetentionDays int = 30

@description('Days after which a ledger record is deleted. It must be more than ledgerRetentionDays. 0: never.')
@minValue(0)
param ledgerKeptDays int = 3650

@description('Time of this deployment. Alerts about runs that are missing start a day later.')
param deployedAt string = utcNow('yyyy-MM-ddTHH:mm:ssZ')

@description('Redundancy of the storage accounts. Use Standard_ZRS if the region has zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_LRS'

@description('Maximum number of instances. Each target is one queue message, so a few instances are enough for a thousand targets.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance.')
@allowed([512, 2048, 4096])
param instanceMemoryInMB int = 2048

@description('Tags of every resource.')
param tags object = {}

var token = toLower(uniqueString(subscription().id, environmentName, location))
var functionAppName = 'func-${environmentName}-${token}'
var allTags = union(tags, { 'azd-env-name': environmentName })
var optionalSettings = union(
  empty(armApiVersions) ? {} : { ARM_API_VERSIONS: armApiVersions },
  empty(outboundProxy) ? {} : { HTTPS_PROXY: outboundProxy, HTTP_PROXY: outboundProxy, NODE_USE_ENV_PROXY: '1' },
  empty(noProxy) ? {} : { NO_PROXY: noProxy }
)
var usesDiscoveryApi = contains(map(split(serviceTagsSources, ','), source => trim(source)), 'api')
var clouds = {
  AzureCloud: 'Public'
  AzureUSGovernment: 'AzureGovernment'
  AzureChinaCloud: 'China'
}

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: empty(resourceGroupName) ? 'rg-${environmentName}' : resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: {
    name: 'id-${environmentName}-${token}'
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    name: '${environmentName}-${token}'
    location: location
    tags: allTags
    publisherPrincipalId: identity.outputs.principalId
  }
}

module network 'modules/network.bicep' = if (virtualNetworkEnabled) {
  scope: group
  name: 'network'
  params: {
    name: 'vnet-${environmentName}-${token}'
    location: location
    tags: allTags
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    redundancy: storageRedundancy
    privateOnly: virtualNetworkEnabled
    ledgerRetentionDays: ledgerRetentionDays
    ledgerKeptDays: ledgerKeptDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module packageStorage 'modules/packageStorage.bicep' = {
  scope: group
  name: 'packageStorage'
  params: {
    name: 'stpkg${token}'
    location: location
    tags: allTags
    identityName: 'id-${environmentName}-${token}-package'
    redundancy: storageRedundancy
    privateOnly: virtualNetworkEnabled
    workspaceId: monitoring.outputs.workspaceId
  }
}

module privateEndpoints 'modules/privateEndpoints.bicep' = if (virtualNetworkEnabled) {
  scope: group
  name: 'privateEndpoints'
  params: {
    location: location
    tags: allTags
    storageAccountName: storage.outputs.name
    packageAccountName: packageStorage.outputs.name
    virtualNetworkId: network.?outputs.virtualNetworkId ?? ''
    subnetId: network.?outputs.privateEndpointSubnetId ?? ''
  }
}

module keyVaultAccess 'modules/keyVaultAccess.bicep' = [
  for id in keyVaultIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'acr-keeper-vault-${uniqueString(id, token)}'
    params: {
      keyVaultName: last(split(id, '/'))
      principalId: identity.outputs.principalId
    }
  }
]

module functionApp 'modules/functionApp.bicep' = {
  scope: group
  name: 'functionApp'
  params: {
    name: functionAppName
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    packageAccountName: packageStorage.outputs.name
    packageContainerName: packageStorage.outputs.containerName
    packageIdentityId: packageStorage.outputs.identityId
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    subnetId: network.?outputs.appSubnetId ?? ''
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryInMB: instanceMemoryInMB
    notificationWebhooks: notificationWebhooks
    notificationSecret: notificationSecret
    allowedIpRanges: allowedIpRanges
    publisherIpRanges: publisherIpRanges
    hasAvailabilityTest: !empty(availabilityTestLocations)
    settings: union(optionalSettings, {
      AZURE_CLOUD: clouds[environment().name]
      ARM_ENDPOINT: 'https://${split(environment().resourceManager, '/')[2]}'
      SERVICE_TAGS_SOURCES: serviceTagsSources
      SERVICE_TAGS_SUBSCRIPTION_ID: subscription().subscriptionId
      SERVICE_TAGS_LOCATION: serviceTagsLocation
      TARGETS: targets
      PULL_SCHEDULE: pullSchedule
      RECONCILE_SCHEDULE: reconcileSchedule
      UPDATES_PAUSED: updatesPaused ? 'true' : 'false'
    })
  }
  // The host needs the private endpoints when it first opens its storage, and the role when it reads a secret.
  dependsOn: [privateEndpoints, keyVaultAccess]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: {
    name: environmentName
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    appUrl: 'https://${functionApp.outputs.hostName}'
    pullSchedule: pullSchedule
    reconcileSchedule: reconcileSchedule
    deployedAt: deployedAt
    hasAvailabilityTest: !empty(availabilityTestLocations)
  }
}

module availabilityTest 'modules/availabilityTest.bicep' = if (!empty(availabilityTestLocations)) {
  scope: group
  name: 'availabilityTest'
  params: {
    name: 'health-${environmentName}-${token}'
    location: location
    tags: allTags
    applicationInsightsId: monitoring.outputs.applicationInsightsId
    url: 'https://${functionApp.outputs.hostName}/api/health'
    locations: availabilityTestLocations
  }
}

module access 'modules/access.bicep' = {
  name: 'access-${token}'
  params: {
    appName: functionAppName
    principalId: identity.outputs.principalId
    networkSecurityGroupIds: networkSecurityGroupIds
    registryIds: registryIds
    observedRegistryIds: observedRegistryIds
    discoverySubscriptionIds: discoverySubscriptionIds
    readsServiceTags: usesDiscoveryApi
  }
}

@description('Name of the Function App, for func azure functionapp publish.')
output FUNCTION_APP_NAME string = functionApp.outputs.name

@description('URL of the health check.')
output HEALTH_URL string = 'https://${functionApp.outputs.hostName}/api/health'

@description('Resource group of the app.')
output RESOURCE_GROUP string = group.name

@description('Storage account for targets file, snapshots, state and ledger.')
output STORAGE_ACCOUNT string = storage.outputs.name

@description('Principal id of the app, for further role assignments.')
output PRINCIPAL_ID string = identity.outputs.principalId
