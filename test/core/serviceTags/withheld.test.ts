import { describe, expect, test } from '@jest/globals';
import { doubtOf, passOn, withheldOf } from '../../../src/core/serviceTags/withheld.ts';
import { readRealFile, realFileNames, testOnRealFiles } from '../realFiles.ts';

const acr = 'AzureContainerRegistry';

describe('doubtOf', () => {
  test.each([
    [acr, '0.0.0.0/0', 'specialPurpose'],
    [acr, '::/0', 'specialPurpose'],
    [acr, '10.0.0.0/8', 'specialPurpose'],
    [acr, '127.0.0.0/8', 'specialPurpose'],
    ['Storage', '192.168.7.0/24', 'specialPurpose'],
    [acr, '104.40.0.0/13', 'widestPrefix'],
    ['azurecontainerregistry.WestEurope', '20.42.0.0/19', 'widestPrefix'],
    [acr, '2603:1030::/48', 'widestPrefix'],
    [acr, '20.42.0.0/20', undefined],
    [acr, '2603:1030::/112', undefined],
    ['AzureContainerRegistryOther', '104.40.0.0/13', undefined],
    ['AzureCloud', '104.40.0.0/13', undefined],
  ])('%s %s: %s', (tag, prefix, expected) => expect(doubtOf(tag, prefix)).toBe(expected));
});

describe('passOn', () => {
  const narrow = ['20.42.66.0/23'];
  const wide = ['20.40.0.0/13'];
  const both = ['20.40.0.0/13', '20.42.66.0/23'];

  test.each([
    ['a list without doubts as it is', [narrow], narrow],
    ['nothing of a wide prefix that was never seen before', [both], narrow],
    ['nothing of it on the word of one more list', [both, both, narrow], narrow],
    ['all of it when two further publications had it', [both, both, both], both],
    ['what it takes the place of', [wide, narrow, narrow], narrow],
    ['the same when it has stood for one more', [wide, wide, narrow], narrow],
    ['nothing where the lists before are not known', [wide], []],
    ['nothing anew of one that went and came back', [both, narrow, both], narrow],
    ['a part of it that has stood for long', [['20.0.0.0/8'], ['20.40.0.0/13'], ['20.40.0.0/13']], ['20.40.0.0/13']],
    ['never a special-purpose range', [[...narrow, '10.0.0.0/8'], ['10.0.0.0/8'], ['10.0.0.0/8']], narrow],
    ['never everything, but what was there before', [['0.0.0.0/0', '::/0'], narrow, narrow], narrow],
    ['never everything, however long it stands', [['0.0.0.0/0'], ['0.0.0.0/0'], ['0.0.0.0/0']], []],
  ])('%s', (_title, lists, expected) => expect(passOn(acr, lists)).toEqual(expected));

  test('a wide prefix of another tag is passed on at once', () => {
    expect(passOn('AzureCloud', [wide])).toEqual(wide);
  });
});

test('what is withheld is named with its reason, once none of it is new it is not', () => {
  expect(withheldOf(acr, ['10.0.0.0/8', '20.40.0.0/13', '20.42.66.0/23'], ['20.42.66.0/23'])).toEqual([
    {
      tag: acr,
      prefix: '10.0.0.0/8',
      kind: 'specialPurpose',
      reason: '10.0.0.0/8 overlaps 10.0.0.0/8 (private use): that is never passed on.',
    },
    {
      tag: acr,
      prefix: '20.40.0.0/13',
      kind: 'widestPrefix',
      reason: '20.40.0.0/13 is new and wider than /20: passed on when 2 further publications list it.',
    },
  ]);
  expect(withheldOf(acr, ['20.40.0.0/13'], ['20.40.0.0/13'])).toEqual([]);
});

testOnRealFiles.each(realFileNames)('%s: no tag would lose a prefix', (name) => {
  const doubtful = readRealFile(name).values.flatMap((tag) =>
    tag.addressPrefixes.filter((prefix) => doubtOf(tag.name, prefix)).map((prefix) => `${tag.name} ${prefix}`),
  );

  expect(doubtful).toEqual([]);
});
