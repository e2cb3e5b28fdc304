namespace Dpark.Applications;

/// <summary>Names one application: everything that one <c>DparkContext</c> runs. Unique per context, never reused.</summary>
/// <param name="Value">Letters, digits, <c>-</c> and <c>.</c>, such as <c>app-20261120-200512-1f3a9c</c>. Used as a directory name.</param>
[GenerateSerializer, Immutable, Alias("dpark.AppId")]
public readonly record struct AppId([property: Id(0)] string Value)
{
    /// <summary>The value itself.</summary>
    public override string ToString() => Value;
}
