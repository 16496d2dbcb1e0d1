// The identity's permissions outside its own resource group: custom roles with only the actions that the app uses.
targetScope = 'subscription'

@description('Name of the Function App.')
param appName string
param principalId string
param networkSecurityGroupIds string[]
param registryIds string[]
param observedRegistryIds string[]
param discoverySubscriptionIds string[]
param readsServiceTags bool

// /subscriptions/<2>/resourceGroups/<4>/providers/<6>/<7>/<8>
var networkSubscriptions = union(map(networkSecurityGroupIds, id => toLower(split(id, '/')[2])), [])
var registrySubscriptions = union(map(union(registryIds, observedRegistryIds), id => toLower(split(id, '/')[2])), [])
var discoverySubscriptions = map(discoverySubscriptionIds, id => toLower(id))
var here = [toLower(subscription().subscriptionId)]

// Titles, descriptions and actions of the roles. In tests the simulator enforces the actions of the same file.
var written = loadJsonContent('roles.json')

var roles = [
  { key: 'networkSecurityGroupRules', needed: !empty(networkSecurityGroupIds), subscriptions: networkSubscriptions }
  { key: 'networkOperations', needed: !empty(networkSecurityGroupIds), subscriptions: networkSubscriptions }
  { key: 'registryNetworkRules', needed: !empty(registryIds), subscriptions: registrySubscriptions }
  { key: 'registryRegions', needed: !empty(observedRegistryIds), subscriptions: registrySubscriptions }
  { key: 'serviceTags', needed: readsServiceTags, subscriptions: here }
  { key: 'discovery', needed: !empty(discoverySubscriptionIds), subscriptions: discoverySubscriptions }
]

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in filter(roles, role => role.needed): {
    name: guid(subscription().id, appName, role.key)
    properties: {
      // The name of a role must be unique in its tenant, and the name of a Function App is unique in Azure.
      roleName: 'ACR Address Keeper ${written[role.key].title} (${appName})'
      description: written[role.key].description
      type: 'CustomRole'
      permissions: [
        {
          actions: written[role.key].actions
          notActions: []
          dataActions: []
          notDataActions: []
        }
      ]
      assignableScopes: map(union(here, role.subscriptions), id => '/subscriptions/${id}')
    }
  }
]

// Names of the role definitions. A role has the same name in every subscription, but another id.
var roleNames = toObject(roles, role => role.key, role => guid(subscription().id, appName, role.key))

module networkSecurityGroupAccess 'networkSecurityGroupAccess.bicep' = [
  for id in networkSecurityGroupIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'acr-keeper-nsg-${uniqueString(id, principalId)}'
    params: {
      networkSecurityGroupName: last(split(id, '/'))
      principalId: principalId
      roleName: roleNames.networkSecurityGroupRules
    }
    dependsOn: [definitions]
  }
]

module registryAccess 'registryAccess.bicep' = [
  for id in registryIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'acr-keeper-registry-${uniqueString(id, principalId)}'
    params: {
      registryName: last(split(id, '/'))
      principalId: principalId
      roleName: roleNames.registryNetworkRules
    }
    dependsOn: [definitions]
  }
]

module registryRegionAccess 'registryAccess.bicep' = [
  for id in observedRegistryIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'acr-keeper-regions-${uniqueString(id, principalId)}'
    params: {
      registryName: last(split(id, '/'))
      principalId: principalId
      roleName: roleNames.registryRegions
    }
    dependsOn: [definitions]
  }
]

module networkOperationAccess 'subscriptionAccess.bicep' = [
  for id in networkSubscriptions: {
    scope: subscription(id)
    name: 'acr-keeper-operations-${uniqueString(id, principalId)}'
    params: {
      principalId: principalId
      roleName: roleNames.networkOperations
    }
    dependsOn: [definitions]
  }
]

module serviceTagAccess 'subscriptionAccess.bicep' = if (readsServiceTags) {
  name: 'acr-keeper-tags-${uniqueString(subscription().id, principalId)}'
  params: {
    principalId: principalId
    roleName: roleNames.serviceTags
  }
  dependsOn: [definitions]
}

module discoveryAccess 'subscriptionAccess.bicep' = [
  for id in discoverySubscriptionIds: {
    scope: subscription(id)
    name: 'acr-keeper-discovery-${uniqueString(id, principalId)}'
    params: {
      principalId: principalId
      roleName: roleNames.discovery
    }
    dependsOn: [definitions]
  }
]
