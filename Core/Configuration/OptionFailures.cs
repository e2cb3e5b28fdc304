using System.Globalization;
using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Collects everything that is wrong with the options of one area, so that the user sees it all at once. Not thread-safe.</summary>
/// <param name="area">Where the options are bound from, such as <c>Dpark:Scheduler</c>.</param>
internal sealed class OptionFailures(string area)
{
    private readonly List<string> _failures = [];

    /// <summary>What the checks make of the options.</summary>
    public ValidateOptionsResult Result => _failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_failures);

    /// <summary>Checks that a value lies between two bounds, which belong to the range.</summary>
    /// <param name="reason">Why; a clause without a full stop.</param>
    public void CheckRange<T>(string key, T value, T least, T most, string reason)
        where T : IComparable<T>, IFormattable
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            Add(key, Print(value), $"from {Print(least)} to {Print(most)}", reason);
        }
    }

    /// <summary>Adds a failure of a check that the caller made.</summary>
    /// <param name="bound">What the value should be, such as <c>an absolute path</c>.</param>
    public void Add(string key, string value, string bound, string reason) =>
        _failures.Add($"{area}:{key} is {value}. Set {bound}: {reason}.");

    private static string Print<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
