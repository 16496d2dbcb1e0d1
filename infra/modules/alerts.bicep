// One log alert per section "Alert" of docs/operations.md. A query returns a row only if someone must act.
// The app sends single values as metrics: in AppMetrics read Sum, because Min and Max are empty.
import { isDaily, windowOf } from 'schedules.bicep'

param name string
param location string
param tags object
param workspaceId string
param emails string[]
@description('URL of the app: https:// and its host name.')
param appUrl string
param pullSchedule string
param reconcileSchedule string
@description('ISO time of this deployment. On the first day, missing runs raise no alert.')
param deployedAt string
@description('True if there is an availability test.')
param hasAvailabilityTest bool

var metric = 'acr_address_keeper'

// A pull is late after one day at the earliest, even if it is scheduled more often.
var pullWindow = windowOf(pullSchedule, 'P1D')
// Each reconcile sends the metrics of the targets.
var figuresWindow = windowOf(reconcileSchedule, 'PT2H')
var pullGraceEnd = dateTimeAdd(deployedAt, pullWindow)
var reconcileGraceEnd = dateTimeAdd(deployedAt, 'P1D')
var reconcileWindow = windowOf(reconcileSchedule, 'P1D')

var rules = [
  {
    name: 'pull-late'
    severity: 1
    window: pullWindow
    every: 'PT1H'
    // A window cannot be longer than two days. If the schedule is less frequent, only health reports a late pull.
    wanted: isDaily(pullSchedule)
    description: 'No pull of the service tags has finished for a day (two days if they are pulled once per day). Rules stay as they are. Azure may use a new prefix seven days after its release.'
    query: 'AppMetrics | where Name == "${metric}.pulls" and Sum > 0 and tostring(Properties.outcome) != "failed" | summarize Pulls = count() | where Pulls == 0 and now() > datetime(${pullGraceEnd})'
  }
  {
    name: 'reconcile-late'
    severity: 1
    window: reconcileWindow
    every: 'PT1H'
    wanted: isDaily(reconcileSchedule)
    description: 'No reconcile of the targets has finished for a day (two days if it runs once per day): the targets file is wrong or gone, or the timer does not run. No other alert about targets can be raised meanwhile.'
    query: 'AppMetrics | where Name == "${metric}.targets" and Sum >= 0 | summarize Figures = count() | where Figures == 0 and now() > datetime(${reconcileGraceEnd})'
  }
  {
    name: 'list-old'
    severity: 2
    window: pullWindow
    every: 'PT1H'
    wanted: true
    description: 'Microsoft released the list in use more than 21 days ago. It releases one per week: every source stands still, or the app cannot see the new one.'
    query: 'AppMetrics | where Name == "${metric}.snapshot.age_hours" | summarize arg_max(TimeGenerated, Sum) | where Sum > 504'
  }
  {
    name: 'source-failing'
    severity: 3
    window: pullWindow
    every: 'PT1H'
    wanted: true
    description: 'A source of service tags has failed, or stood still while others moved, in every pull of a day (two days if they are pulled once per day). The other sources continue.'
    query: 'AppMetrics | where Name == "${metric}.source.healthy" | extend Source = tostring(Properties.source) | summarize Best = max(Sum), Pulls = count() by Source | where Best == 0 and Pulls >= 2'
  }
  {
    name: 'deadline-near'
    severity: 1
    window: figuresWindow
    every: 'PT30M'
    wanted: true
    description: 'A target that the app keeps up to date still lacks a listed prefix, and Azure may use that prefix in less than three days, or uses it already.'
    query: 'AppMetrics | where Name == "${metric}.deadline.days_left" | summarize arg_max(TimeGenerated, Sum) | where Sum < 3'
  }
  {
    name: 'poison-message'
    severity: 2
    window: 'PT6H'
    every: 'PT1H'
    wanted: true
    description: 'In two hours or more of the last six, updates of targets failed five times in a row and the app gave them up. The app tries again every hour.'
    query: 'AppRequests | where Name == "reportFailedUpdate" | summarize Hours = dcount(bin(TimeGenerated, 1h)) | where Hours >= 2'
  }
  {
    name: 'targets-failed'
    severity: 1
    window: figuresWindow
    every: 'PT30M'
    wanted: true
    description: 'At least one target is failed or blocked: it gets no new prefixes until someone acts.'
    query: 'AppMetrics | where Name == "${metric}.targets" | extend Status = tostring(Properties.status) | where Status in ("failed", "blocked") | summarize arg_max(TimeGenerated, Sum) by Status | where Sum > 0'
  }
  {
    name: 'no-effect'
    severity: 1
    window: figuresWindow
    every: 'PT30M'
    wanted: true
    description: 'At least one registry ignores its IP rules: it is open or closed to all, or no longer Premium. The app cannot change that; someone must act.'
    query: 'AppMetrics | where Name == "${metric}.targets" | extend Status = tostring(Properties.status) | where Status == "noEffect" | summarize arg_max(TimeGenerated, Sum) by Status | where Sum > 0'
  }
  {
    name: 'targets-held'
    severity: 2
    window: figuresWindow
    every: 'PT30M'
    wanted: true
    description: 'At least one target has changes that wait for approval. The app applies everything else in its plan.'
    query: 'AppMetrics | where Name == "${metric}.targets" | extend Status = tostring(Properties.status) | where Status == "held" | summarize arg_max(TimeGenerated, Sum) by Status | where Sum > 0'
  }
  {
    name: 'deliveries-failed'
    severity: 2
    window: 'PT6H'
    every: 'PT1H'
    wanted: true
    description: 'A webhook refused a notification for good, or did not answer: its readers were not notified. The other webhooks continue.'
    query: 'AppMetrics | where Name == "${metric}.notifications.failed" | extend Host = tostring(Properties.host) | summarize Failed = sum(Sum) by Host | where Failed > 0'
  }
  {
    name: 'server-errors'
    severity: 2
    window: 'PT15M'
    every: 'PT5M'
    wanted: true
    // Expected 503 answers: health reports a problem, a list tells firewalls to keep what they have, and before the first
    // pull there is no list. Other alerts report the reasons.
    description: 'The HTTP API answered five requests or more with an unexpected server error (5xx).'
    query: 'AppRequests | where toint(ResultCode) >= 500 and Name != "getHealth" and not(toint(ResultCode) == 503 and (Name in ("getFeed", "getPrefixes") or now() < datetime(${pullGraceEnd}))) | summarize Failures = count() | where Failures >= 5'
  }
  {
    name: 'quota-near'
    severity: 3
    window: windowOf(reconcileSchedule, 'PT6H')
    every: 'PT6H'
    wanted: true
    description: 'At its present growth a target runs out of room within eight weeks: choose fewer regions, or wider rules.'
    query: 'AppMetrics | where Name == "${metric}.quota.weeks_until_full" | extend Target = tostring(Properties.target) | summarize arg_max(TimeGenerated, Sum) by Target | where Sum < 8'
  }
  {
    name: 'not-reachable'
    severity: 1
    window: 'PT30M'
    every: 'PT15M'
    wanted: hasAvailabilityTest
    description: 'Health has not answered 200 to any location of the availability test for half an hour: the app does not run, cannot be reached, or does not do its work.'
    query: 'AppAvailabilityResults | summarize Good = countif(Success == true), Tests = count() | where Tests > 0 and Good == 0 and now() > datetime(${pullGraceEnd})'
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
  for rule in filter(rules, rule => rule.wanted): {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${name}: ${rule.name}'
      description: '${rule.description} See what is wrong: ${appUrl}/api/dashboard What to do: ${appUrl}/api/runbook#alert-${rule.name}'
      severity: rule.severity
      enabled: true
      autoMitigate: true
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      // The tables do not exist before the first telemetry, which comes after this deployment.
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
