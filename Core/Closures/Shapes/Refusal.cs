namespace Dpark.Closures.Shapes;

/// <summary>Why objects of a type stay where they are.</summary>
/// <param name="What">With its article, such as <c>an open stream</c>.</param>
/// <param name="Advice">What to do instead, without a full stop.</param>
internal sealed record Refusal(string What, string Advice);
