// One log alert a sentence of docs/operations.md: each query returns a row when, and only when, something is wrong.
// Of a figure Application Insights is sent one value: in AppMetrics it is the Sum; Min and Max are not sent.
param name string
param location string
param tags object
param workspaceId string
param emails string[]

var metric = 'acr_address_keeper'

var rules = [
  {
    name: 'pull-late'
    severity: 1
    window: 'P1D'
    every: 'PT1H'
    description: 'No pull of service tags has come to its end for a day. New prefixes go live a week after they are published.'
    query: 'AppMetrics | where Name == "${metric}.pulls" and Sum > 0 and tostring(Properties.outcome) != "failed" | summarize Pulls = count() | where Pulls == 0'
  }
  {
    name: 'reconcile-late'
    severity: 1
    window: 'P1D'
    every: 'PT1H'
    description: 'No reconcile of the targets has come to its end for a day: the targets file is wrong or gone, or the timer does not run. No other alert about targets can be raised meanwhile.'
    query: 'AppMetrics | where Name == "${metric}.targets" and Sum >= 0 | summarize Figures = count() | where Figures == 0'
  }
  {
    name: 'deadline-near'
    severity: 1
    window: 'PT2H'
    every: 'PT30M'
    description: 'A published prefix is still missing from a target, and less than three days are left until Azure may use it.'
    query: 'AppMetrics | where Name == "${metric}.deadline.days_left" | summarize arg_max(TimeGenerated, Sum) | where Sum < 3'
  }
  {
    name: 'poison-message'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    description: 'An update of a target failed five times in a row and was given up until the next reconcile.'
    query: 'AppRequests | where Name == "reportFailedUpdate"'
  }
  {
    name: 'targets-failed'
    severity: 1
    window: 'PT2H'
    every: 'PT30M'
    description: 'At least one target is failed or blocked: it gets no new prefixes until somebody acts.'
    query: 'AppMetrics | where Name == "${metric}.targets" | extend Status = tostring(Properties.status) | where Status in ("failed", "blocked") | summarize arg_max(TimeGenerated, Sum) by Status | where Sum > 0'
  }
  {
    name: 'targets-held'
    severity: 2
    window: 'PT2H'
    every: 'PT30M'
    description: 'At least one plan is held and waits for an approval.'
    query: 'AppMetrics | where Name == "${metric}.targets" | extend Status = tostring(Properties.status) | where Status == "held" | summarize arg_max(TimeGenerated, Sum) by Status | where Sum > 0'
  }
  {
    name: 'server-errors'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    description: 'The HTTP API answered five requests or more with a 5xx status.'
    query: 'AppRequests | where toint(ResultCode) >= 500 | summarize Failures = count() | where Failures >= 5'
  }
  {
    name: 'quota-near'
    severity: 3
    window: 'PT6H'
    every: 'PT6H'
    description: 'At its present growth a target runs out of room within eight weeks.'
    query: 'AppMetrics | where Name == "${metric}.quota.weeks_until_full" | extend Target = tostring(Properties.target) | summarize arg_max(TimeGenerated, Sum) by Target | where Sum < 8'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take(name, 12)
    emailReceivers: [
      for (email, index) in emails: {
        name: 'email-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${rule.name}'
      description: rule.description
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      // The tables appear with the first telemetry, after this deployment.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: empty(emails) ? [] : [people.id] }
    }
  }
]
