namespace Dpark.Rdds;

/// <summary>Where the user called an operator or an action: named in errors, progress lines and the web page.</summary>
/// <param name="Operator">The method called, such as <c>ReduceByKey</c>.</param>
/// <param name="FilePath">Source file as the compiler saw it; empty if unknown.</param>
/// <param name="Line">Line in that file, from 1; 0 if unknown.</param>
[GenerateSerializer, Immutable, Alias("dpark.CallSite")]
public readonly record struct CallSite([property: Id(0)] string Operator, [property: Id(1)] string FilePath, [property: Id(2)] int Line)
{
    /// <summary>The form used in messages, such as <c>ReduceByKey at Program.cs:12</c>.</summary>
    public override string ToString() => Line == 0 ? Operator : $"{Operator} at {Path.GetFileName(FilePath)}:{Line}";
}
