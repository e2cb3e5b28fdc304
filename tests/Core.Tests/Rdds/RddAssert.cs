namespace Dpark.Tests.Rdds;

/// <summary>Compares what actions return.</summary>
internal static class RddAssert
{
    /// <summary>The same elements in the same order.</summary>
    public static async Task EqualAsync<T>(T[] expected, Task<T[]> actual) => Assert.Equal<IEnumerable<T>>(expected, await actual);

    /// <summary>The same elements in any order.</summary>
    public static async Task SameAsync<T>(IEnumerable<T> expected, Task<T[]> actual) => Assert.Equal(expected.Order(), (await actual).Order());
}
