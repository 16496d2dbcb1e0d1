// Assigns a role on one network security group, which may be in any resource group.
param networkSecurityGroupName string
param principalId string
param roleName string

resource networkSecurityGroup 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = {
  name: networkSecurityGroupName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: networkSecurityGroup
  name: guid(networkSecurityGroup.id, principalId, roleName)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleName)
  }
}
