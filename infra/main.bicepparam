// A sample: azd fills the first two from its environment. Put the resource ids of your targets below.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'acr-keeper')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// What the app may write to. Nothing else is within its reach.
param networkSecurityGroupIds = [
  // '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/networkSecurityGroups/<name>'
]
param registryIds = [
  // '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerRegistry/registries/<name>'
]

// The weekly file alone is enough. With 'api' in the list the identity also reads service tags of this subscription.
param serviceTagsSources = 'download,api'

// Start here: everything is planned and shown, nothing is written.
param updatesPaused = true

param alertEmails = []

// A URL of a webhook is a secret: keep it in the environment or in a Key Vault, not in this file.
param notificationWebhooks = readEnvironmentVariable('NOTIFICATION_WEBHOOKS', '')
param notificationSecret = readEnvironmentVariable('NOTIFICATION_SECRET', '')
