// The Function App on Flex Consumption: Node 22, one identity for its work and one for its package. No setting has a key.
param name string
param location string
param tags object
param identityId string
param identityClientId string
param storageAccountName string
param packageAccountName string
param packageContainerName string
param packageIdentityId string
param applicationInsightsName string
param subnetId string
param maximumInstanceCount int
param instanceMemoryInMB int
@description('Addresses and CIDRs that may call the API. Empty: all.')
param allowedIpRanges string[]
@description('Addresses and CIDRs from which the app may be published. Empty: all.')
param publisherIpRanges string[]
@description('True if the availability test needs access too.')
param hasAvailabilityTest bool
@description('Settings of docs/contract.md that contain no secret.')
param settings object
@secure()
param notificationWebhooks string
@secure()
param notificationSecret string

// As soon as there is one rule, Azure refuses addresses that no rule allows.
var apiRules = [
  for (range, index) in allowedIpRanges: {
    name: 'range-${index}'
    action: 'Allow'
    priority: 100 + index
    ipAddress: contains(range, '/') ? range : '${range}/${contains(range, ':') ? 128 : 32}'
  }
]
var testRule = {
  name: 'availability-test'
  action: 'Allow'
  priority: 90
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}
var publisherRules = [
  for (range, index) in publisherIpRanges: {
    name: 'range-${index}'
    action: 'Allow'
    priority: 100 + index
    ipAddress: contains(range, '/') ? range : '${range}/${contains(range, ':') ? 128 : 32}'
  }
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource packageAccount 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: packageAccountName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
      '${packageIdentityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${packageAccount.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: packageIdentityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '22'
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryInMB
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ftpsState: 'Disabled'
      ipSecurityRestrictions: concat(hasAvailabilityTest && !empty(apiRules) ? [testRule] : [], apiRules)
      ipSecurityRestrictionsDefaultAction: empty(apiRules) ? 'Allow' : 'Deny'
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictions: publisherRules
      scmIpSecurityRestrictionsDefaultAction: empty(publisherRules) ? 'Allow' : 'Deny'
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      settings,
      {
        AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
        AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identityClientId
        AZURE_CLIENT_ID: identityClientId
        APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
        // Turns off the exporter's statistics about itself, which go to another endpoint.
        APPLICATION_INSIGHTS_NO_STATSBEAT: 'true'
      },
      empty(notificationWebhooks) ? {} : { NOTIFICATION_WEBHOOKS: notificationWebhooks },
      empty(notificationSecret) ? {} : { NOTIFICATION_SECRET: notificationSecret }
    )
  }

  // Only Entra ID may publish: no user name and password for FTP or the deployment site.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
