// How long an alert may look back, by the schedule of the timer whose figures it reads. Azure takes two days at most.

@description('The fields of an NCRONTAB schedule: second, minute, hour, day, month, day of week.')
func fieldsOf(schedule string) string[] => filter(split(schedule, ' '), field => !empty(field))

@description('True where the timer runs on every day.')
@export()
func isDaily(schedule string) bool =>
  empty(filter(skip(fieldsOf(schedule), 3), field => !contains(['*', '*/1'], field)))

@description('Two intervals of the schedule or more: a run may be late, and one that is missing is no alarm yet.')
@export()
func windowOf(schedule string, shortest string) string =>
  !isDaily(schedule)
    ? 'P2D'
    : contains(['*', '*/1'], fieldsOf(schedule)[2])
        ? shortest
        : contains(['*/2', '*/3', '*/4', '*/6', '*/8'], fieldsOf(schedule)[2]) ? 'P1D' : 'P2D'
