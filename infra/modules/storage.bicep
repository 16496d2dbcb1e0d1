// Storage of the host, targets file, snapshots, state, ledger and queues. Shared keys are turned off.
param name string
param location string
param tags object
param principalId string
param redundancy string
param privateOnly bool
param ledgerRetentionDays int
param ledgerKeptDays int
param workspaceId string

// Storage Blob Data Owner: the smallest role that Microsoft documents for the Functions host on its storage.
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
// Storage Queue Data Contributor: the triggers read, the app writes.
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateOnly ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateOnly ? 'Deny' : 'Allow'
    }
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    // Versions and soft delete make it possible to restore a state that was overwritten or deleted.
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: 30 }
    containerDeleteRetentionPolicy: { enabled: true, days: 30 }
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [
  // The targets file has its own container, so that people who may edit it have no right on state or ledger.
  for container in ['config', 'service-tags', 'targets']: {
    parent: blobService
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource ledger 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobService
  name: 'ledger'
  properties: { publicAccess: 'None' }
}

// The policy is unlocked: whoever manages the account can remove it, and so can the app's own role. Locking cannot be
// undone, so docs/operations.md describes it as a manual step.
resource ledgerRetention 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2023-05-01' = if (ledgerRetentionDays > 0) {
  parent: ledger
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: ledgerRetentionDays
    allowProtectedAppendWrites: false
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = [
  for queue in ['update-target', 'update-target-poison']: {
    parent: queueService
    name: queue
  }
]

// How long old data is kept. Every run writes a state, and its old versions are only for repair: 30 days. Versions of the
// targets file and of the list: 90 days. Ledger records are evidence: ledgerKeptDays.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-states'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['targets/']
            }
            actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } }
          }
        }
        {
          name: 'old-versions'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['config/', 'service-tags/current/', 'service-tags/history/', 'service-tags/status/']
            }
            actions: { version: { delete: { daysAfterCreationGreaterThan: 90 } } }
          }
        }
        {
          name: 'old-ledger'
          enabled: ledgerKeptDays > 0
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['ledger/']
            }
            // Azure refuses 0, even in a rule that is off.
            actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: max(ledgerKeptDays, 1) } } }
          }
        }
      ]
    }
  }
  dependsOn: [blobService]
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [blobDataOwner, queueDataContributor]: {
    scope: account
    name: guid(account.id, principalId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

// Logs who wrote or deleted which blob, and when, including anybody other than the app.
resource writes 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobService
  name: 'writes'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

output name string = account.name
