// A sample. azd sets the first two parameters from its environment. Add the resource ids of your targets below.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'acr-keeper')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// The app may write to these resources, and to no others.
param networkSecurityGroupIds = [
  // '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Network/networkSecurityGroups/<name>'
]
param registryIds = [
  // '/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ContainerRegistry/registries/<name>'
]

// The weekly file alone is enough. If the list contains 'api', the identity may also read service tags in this subscription.
param serviceTagsSources = 'download,api'

// Start like this: the app plans and shows everything, but writes nothing.
param updatesPaused = true

param alertEmails = []

// The URL of a webhook is a secret. Keep it in the environment or in a Key Vault, not in this file.
param notificationWebhooks = readEnvironmentVariable('NOTIFICATION_WEBHOOKS', '')
param notificationSecret = readEnvironmentVariable('NOTIFICATION_SECRET', '')
