// What the identity may do outside its own resource group: custom roles with the actions that are used, no more.
targetScope = 'subscription'

param environmentName string
param principalId string
param networkSecurityGroupIds string[]
param registryIds string[]
param observedRegistryIds string[]
param discoverySubscriptionIds string[]
param readsServiceTags bool

// /subscriptions/<2>/resourceGroups/<4>/providers/<6>/<7>/<8>
var networkSubscriptions = union(map(networkSecurityGroupIds, id => toLower(split(id, '/')[2])), [])
var registrySubscriptions = union(map(union(registryIds, observedRegistryIds), id => toLower(split(id, '/')[2])), [])
var here = [toLower(subscription().subscriptionId)]

var roles = {
  networkSecurityGroupRules: {
    needed: !empty(networkSecurityGroupIds)
    title: 'security rules'
    description: 'Reads a network security group and writes single rules of it.'
    actions: [
      'Microsoft.Network/networkSecurityGroups/read'
      'Microsoft.Network/networkSecurityGroups/securityRules/read'
      'Microsoft.Network/networkSecurityGroups/securityRules/write'
      'Microsoft.Network/networkSecurityGroups/securityRules/delete'
    ]
    subscriptions: networkSubscriptions
  }
  networkOperations: {
    needed: !empty(networkSecurityGroupIds)
    title: 'network operations'
    description: 'Follows a write of a security rule to its end.'
    actions: [
      'Microsoft.Network/locations/operations/read'
      'Microsoft.Network/locations/operationResults/read'
    ]
    subscriptions: networkSubscriptions
  }
  registryNetworkRules: {
    needed: !empty(registryIds)
    title: 'registry network rules'
    description: 'Reads a registry and writes its network rules; Azure has no narrower action for them.'
    actions: [
      'Microsoft.ContainerRegistry/registries/read'
      'Microsoft.ContainerRegistry/registries/write'
      'Microsoft.ContainerRegistry/registries/replications/read'
      'Microsoft.ContainerRegistry/registries/listUsages/read'
      'Microsoft.ContainerRegistry/registries/operationStatuses/read'
    ]
    subscriptions: registrySubscriptions
  }
  registryRegions: {
    needed: !empty(observedRegistryIds)
    title: 'registry regions'
    description: 'Reads the home region and the replicas of a registry.'
    actions: [
      'Microsoft.ContainerRegistry/registries/read'
      'Microsoft.ContainerRegistry/registries/replications/read'
    ]
    subscriptions: registrySubscriptions
  }
  serviceTags: {
    needed: readsServiceTags
    title: 'service tags'
    description: 'Reads the Service Tag Discovery API, which exists at subscription scope only.'
    actions: ['Microsoft.Network/locations/serviceTags/read']
    subscriptions: here
  }
  discovery: {
    needed: !empty(discoverySubscriptionIds)
    title: 'target discovery'
    description: 'Asks Azure Resource Graph; it answers with what the identity may read otherwise.'
    actions: ['Microsoft.ResourceGraph/resources/read']
    subscriptions: map(discoverySubscriptionIds, id => toLower(id))
  }
}

resource definitions 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [
  for role in filter(items(roles), role => role.value.needed): {
    name: guid(subscription().id, environmentName, role.key)
    properties: {
      roleName: 'ACR Address Keeper ${role.value.title} (${environmentName})'
      description: role.value.description
      type: 'CustomRole'
      permissions: [
        {
          actions: role.value.actions
          notActions: []
          dataActions: []
          notDataActions: []
        }
      ]
      assignableScopes: map(union(here, role.value.subscriptions), id => '/subscriptions/${id}')
    }
  }
]

// Names of the definitions: an assignment in another subscription finds the same role under its own id.
var roleNames = toObject(items(roles), role => role.key, role => guid(subscription().id, environmentName, role.key))

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
