// Calls health from outside every five minutes. Only this test notices an app that does not run at all.
param name string
param location string
param tags object
param applicationInsightsId string
param url string
@description('Locations of the test, such as emea-nl-ams-azr.')
param locations string[]

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: name
  location: location
  // By this tag Application Insights finds the test and shows it.
  tags: union(tags, { 'hidden-link:${applicationInsightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    Name: name
    SyntheticMonitorId: name
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 60
    RetryEnabled: true
    Locations: [for id in locations: { Id: id }]
    Request: {
      RequestUrl: url
      HttpVerb: 'GET'
      FollowRedirects: false
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      IgnoreHttpStatusCode: false
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}
