// Private endpoints of the storage accounts, and the DNS zones that resolve the accounts' names to them.
param location string
param tags object
param storageAccountName string
param packageAccountName string
param virtualNetworkId string
param subnetId string

var services = ['blob', 'queue']

var wanted = [
  { account: storageAccountName, service: 'blob' }
  { account: storageAccountName, service: 'queue' }
  { account: packageAccountName, service: 'blob' }
]

resource accounts 'Microsoft.Storage/storageAccounts@2023-05-01' existing = [
  for endpoint in wanted: {
    name: endpoint.account
  }
]

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [
  for service in services: {
    name: 'privatelink.${service}.${environment().suffixes.storage}'
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [
  for (service, index) in services: {
    parent: zones[index]
    name: 'app'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: virtualNetworkId }
    }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for (endpoint, index) in wanted: {
    name: 'pe-${endpoint.account}-${endpoint.service}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: endpoint.service
          properties: {
            privateLinkServiceId: accounts[index].id
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (endpoint, index) in wanted: {
    parent: endpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: endpoint.service
          properties: { privateDnsZoneId: zones[indexOf(services, endpoint.service)].id }
        }
      ]
    }
  }
]
